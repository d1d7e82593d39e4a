"""The stimulus of a case for servers: what one session says and runs."""

from dataclasses import dataclass
from typing import Any

from streamops_conformance.oracle.script import Script, from_json, to_json


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """The stimulus: capabilities offered, first values of the view's variables, scripts in turn."""

    caps: tuple[str, ...]
    scripts: tuple[Script, ...]
    variables: tuple[tuple[str, str], ...] = ()
    max_fps: int = 60
    max_frame_bytes: int = 1 << 20
    window: int = 64
    """With `ack`; the runner acknowledges as chapter 9 says."""

    def to_json(self) -> dict[str, Any]:
        """What replays it: `streamops test server --script` reads this back."""
        made: dict[str, Any] = {"caps": list(self.caps), "scripts": [to_json(each) for each in self.scripts]}
        if self.variables:
            made["vars"] = dict(self.variables)
        if self.max_fps != 60:
            made["max_fps"] = self.max_fps
        if self.max_frame_bytes != 1 << 20:
            made["max_frame_bytes"] = self.max_frame_bytes
        if self.window != 64:
            made["window"] = self.window
        return made

    @classmethod
    def from_json(cls, value: Any) -> "CaseSpec":
        """The case of a replay, or of a bare list of steps.

        Raises msgspec.ValidationError for a step that is none, KeyError or TypeError for another shape.
        """
        if isinstance(value, list):
            return cls(("html", "view", "x-conformance"), (from_json(value),))
        return cls(
            caps=tuple(value["caps"]),
            scripts=tuple(from_json(script) for script in value["scripts"]),
            variables=tuple(sorted(value.get("vars", {}).items())),
            max_fps=value.get("max_fps", 60),
            max_frame_bytes=value.get("max_frame_bytes", 1 << 20),
            window=value.get("window", 64),
        )

    def steps(self) -> int:
        """The number of steps in all scripts."""
        return sum(len(each) for each in self.scripts)
