"""Reads the requirements from the chapters: one tagged line is one requirement.

A tagged line has this form:

    > **ORD-2** server MUST [html]: What must hold. — Observed: how that is seen from outside.

`[...]` names the capabilities that the requirement needs. It is left out if there are none.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from streamops_spec.data import spec_root

AREAS = {
    "CON": "Connection and session",
    "FRM": "Frames",
    "ORD": "Sequencing and order",
    "BAT": "Batching and coalescing",
    "LIF": "Lifecycle",
    "CNT": "Content operations",
    "ERR": "Errors",
    "EVT": "Events and replies",
    "FLW": "Flow control and cancel",
    "RES": "Resume",
    "VIEW": "View",
    "LIM": "Limits and security",
    "CLI": "Client",
    "FWD": "Forward compatibility",
}

_TAG = re.compile(r"^> \*\*(?P<id>[A-Z]+-\d+)\*\*")
_LINE = re.compile(
    r"^> \*\*(?P<area>[A-Z]+)-(?P<number>\d+)\*\* (?P<role>server|client|both) (?P<keyword>MUST|SHOULD)"
    r"(?: \[(?P<needs>[a-z, -]+)\])?: (?P<text>.+?) — Observed: (?P<observed>.+)$"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable line of the specification."""

    id: str
    area: str
    role: str
    """`server`, `client` or `both`."""
    keyword: str
    """`MUST` or `SHOULD`."""
    needs: tuple[str, ...]
    """The capabilities that a session must have agreed on for the requirement to apply."""
    text: str
    observed: str
    """How it can be observed from outside."""
    spec: str
    """`v1` or `v0`."""
    chapter: str
    """The file name of its chapter, such as `06-batching.md`."""
    line: int

    @property
    def number(self) -> int:
        """The number within its area: 2 for ORD-2."""
        return int(self.id.partition("-")[2])

    def speaks_of(self, role: str) -> bool:
        """Whether the requirement applies to that role, `server` or `client`."""
        return self.role in (role, "both")


def parse_chapter(path: Path, spec: str) -> list[Requirement]:
    """The requirements of one chapter, in their order in the file.

    Raises ValueError, with file and line, for a tagged line that does not match the form above.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not _TAG.match(line):
            continue
        match = _LINE.match(line)
        if match is None or match["area"] not in AREAS:
            raise ValueError(
                f"{path.name}:{number}: this is not a requirement line: {line[:80]!r}; write"
                " '> **AREA-N** role KEYWORD [capability]: text — Observed: how' with a known AREA"
            )
        needs = tuple(part.strip() for part in (match["needs"] or "").split(",") if part.strip())
        found.append(
            Requirement(
                id=f"{match['area']}-{match['number']}",
                area=match["area"],
                role=match["role"],
                keyword=match["keyword"],
                needs=needs,
                text=match["text"],
                observed=match["observed"],
                spec=spec,
                chapter=path.name,
                line=number,
            )
        )
    return found


@cache
def load_requirements(spec: str) -> dict[str, Requirement]:
    """All requirements of `v1` or `v0` by id: chapter by chapter, sorted by number within a chapter.

    Raises ValueError for an unknown version, a malformed line or an id that is used twice.
    """
    folder = spec_root() / spec
    if not folder.is_dir():
        raise ValueError(f"specification {spec!r} does not exist; use v1 or v0")
    found: dict[str, Requirement] = {}
    for path in sorted(folder.glob("*.md")):
        for requirement in sorted(parse_chapter(path, spec), key=lambda each: (each.area, each.number)):
            if requirement.id in found:
                first = found[requirement.id]
                raise ValueError(
                    f"{requirement.id} is used in {first.chapter}:{first.line} and in"
                    f" {path.name}:{requirement.line}; give one of them a new id"
                )
            found[requirement.id] = requirement
    return found
