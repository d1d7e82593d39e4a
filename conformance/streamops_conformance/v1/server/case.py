"""A case of v1: a stimulus, the recorded answer, and what the oracle expects."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.oracle.script import streams_of
from streamops_conformance.v1.oracle.program import Program, root_html


@dataclass(slots=True)
class Limits:
    """The limits in the welcome of the target."""

    max_text_bytes: int = 8192
    max_frame_bytes: int = 1 << 16
    max_streams: int = 1 << 30
    max_fps: int = 60
    max_events: int = 1 << 30

    @classmethod
    def of(cls, welcome: dict[str, Any]) -> "Limits":
        """The limits of a welcome. A missing or mistyped one has its default (FRM-3 judges that)."""
        limits = welcome.get("limits")
        found = limits if isinstance(limits, dict) else {}
        return cls(
            **{
                name: value
                for name in cls.__dataclass_fields__
                if isinstance(value := found.get(name), int) and value > 0
            }
        )


@dataclass(slots=True)
class Case:
    """A stimulus with its transcript, and the expectation of the oracle."""

    spec: CaseSpec
    transcript: Transcript = field(default_factory=Transcript)
    limits: Limits = field(default_factory=Limits)
    agreed: frozenset[str] = frozenset()
    silent: str = ""
    """Why the exchange was given up; empty if it finished."""
    duration: float = 0.0

    def program(self) -> Program:
        """What the scripts do by the oracle, with the limits and capabilities of the welcome.

        It is shared between equal cases: do not change it.
        """
        return _program(self.spec, self.agreed, self.limits.max_text_bytes, self.limits.max_streams)

    def first_document(self) -> str:
        """The HTML before the first frame: that of the view, or an empty element for each stream."""
        if "view" in self.agreed:
            return root_html(dict(self.spec.variables))
        names = dict.fromkeys(name for script in self.spec.scripts for name in streams_of(script))
        return "".join(
            f'<div dj-stream="{name}"></div>' for name in names if "'" not in name and '"' not in name
        )


# Drawing, running and judging a case ask for it, and so does each run of one process.
@lru_cache(maxsize=256)
def _program(spec: CaseSpec, agreed: frozenset[str], max_text_bytes: int, max_streams: int) -> Program:
    program = Program(
        agreed,
        dict(spec.variables),
        max_text_bytes=max_text_bytes,
        max_frame_bytes=spec.max_frame_bytes,
        max_streams=max_streams,
    )
    for script in spec.scripts:
        program.run(script)
    return program
