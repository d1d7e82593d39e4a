"""The frames of a v0 server, as its target file describes them: templates to send, patterns to recognize.

A pattern names members that a frame must have with equal values; it may have any others. The strings
`{vars}`, `{script}` and `{ref}` are placeholders for the current value.
"""

from dataclasses import dataclass
from typing import Any, Literal

Frame = dict[str, Any]
Answer = Literal["ok", "failed", "limited", ""]


@dataclass(frozen=True, slots=True)
class Described:
    """The `[v0]` tables of a target file."""

    greeting: Frame | None
    """The first message of the client, if any."""
    greeted: Frame | None
    """The frame that ends the handshake; None if a mount may be sent at once."""
    mount: Frame
    mounted: Frame
    not_mounted: Frame | None
    repeatable: bool
    """A second mount on the same connection gives a fresh view."""
    event: Frame
    ok: tuple[Frame, ...]
    failed: tuple[Frame, ...]
    limited: tuple[Frame, ...]
    """Says that the client sent too much, which is never the fault of the target."""
    stream: Frame
    fence: tuple[Frame, ...]
    """A script whose reply comes after everything that was pending before it."""
    silence: float
    """Seconds without a frame after which the wire is quiet; used without a fence."""
    nested: tuple[str, str] | None
    """A variable that the template renders inside markup, and that markup with `{value}`."""
    missing: frozenset[str]
    """Steps that the target has no method for."""

    @classmethod
    def of(cls, v0: dict[str, Any]) -> "Described":
        """The description in a target file that matches `urn:streamops:v1:target`."""
        handshake, mount, reply = v0.get("handshake", {}), v0["mount"], v0["reply"]
        quiet, nested = v0.get("quiet", {}), v0.get("nested")
        return cls(
            greeting=handshake.get("send"),
            greeted=handshake.get("expect"),
            mount=mount["send"],
            mounted=mount["expect"],
            not_mounted=mount.get("fail"),
            repeatable=mount.get("repeatable", False),
            event=v0["event"]["send"],
            ok=tuple(reply["ok"]),
            failed=tuple(reply.get("failed", ())),
            limited=tuple(reply.get("limited", ())),
            stream=v0.get("stream", {}).get("expect", {"type": "stream"}),
            fence=tuple(quiet.get("fence", ())),
            silence=quiet.get("silence_ms", 200) / 1000,
            nested=(nested["stream"], nested["html"]) if nested is not None else None,
            missing=frozenset(v0.get("missing", ())),
        )

    def answer(self, frame: Frame, ref: int) -> Answer:
        """The answer to the event `ref` that this frame gives; empty if it gives none."""
        kinds: tuple[tuple[Answer, tuple[Frame, ...]], ...] = (
            ("ok", self.ok),
            ("failed", self.failed),
            ("limited", self.limited),
        )
        for kind, patterns in kinds:
            if any(matches(filled(pattern, ref=ref), frame) for pattern in patterns):
                return kind
        return ""

    def is_stream(self, frame: Frame | None) -> bool:
        """Whether the frame carries operations of a stream."""
        return frame is not None and matches(self.stream, frame)


def filled(template: Any, **values: Any) -> Any:
    """The template with its placeholders replaced."""
    if isinstance(template, dict):
        return {key: filled(value, **values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, **values) for value in template]
    if isinstance(template, str) and template[:1] == "{" and template[-1:] == "}":
        return values.get(template[1:-1], template)
    return template


def matches(pattern: Any, value: Any) -> bool:
    """Whether the value has every member of the pattern, with an equal value."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches(wanted, value[key]) for key, wanted in pattern.items()
        )
    return bool(pattern == value) and isinstance(pattern, bool) == isinstance(value, bool)
