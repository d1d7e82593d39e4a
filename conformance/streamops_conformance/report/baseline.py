"""The known failures of a target, each with its reason, so that new failures stand out.

A known failure that passes is stale, and an id that the run does not know is an error. An outdated
baseline would hide new failures.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from streamops_spec import load_requirements

from streamops_conformance.engine.events import Report


class BaselineError(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The requirements that a target is known to break."""

    path: Path
    known: dict[str, str]
    """Requirement id → reason."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report, compared with a baseline."""

    file: str
    known: tuple[str, ...]
    """Failures that the baseline names."""
    stale: tuple[str, ...]
    """Entries whose requirement no longer fails."""
    unknown: tuple[str, ...]
    """Entries that match no requirement of the version."""
    new: tuple[str, ...]
    """Failures that the baseline does not name."""


def read_baseline(path: Path) -> Baseline:
    """The known failures of a file. Raises BaselineError if it cannot be read or a reason is missing."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BaselineError(f"{path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise BaselineError(f"{path} is not TOML: {error}") from error
    known: dict[str, str] = {}
    for number, entry in enumerate(found.get("known", ()), start=1):
        if not isinstance(entry, dict) or not entry.get("id") or not entry.get("reason"):
            raise BaselineError(f"{path}: entry {number} of [[known]] needs an id and a reason")
        if entry["id"] in known:
            raise BaselineError(f"{path}: {entry['id']} is listed twice")
        known[entry["id"]] = entry["reason"]
    return Baseline(path, known)


def compare(report: Report, baseline: Baseline) -> Comparison:
    """Compare a report with its baseline, and mark the known failures in it."""
    broken = {
        result.requirement.id for result in report.results if result.verdict in ("fail", "inconclusive")
    }
    every = set(load_requirements(report.spec))
    asked = {result.requirement.id for result in report.results}
    for result in report.results:
        result.known = result.requirement.id in baseline.known and result.requirement.id in broken
    return Comparison(
        file=baseline.path.name,
        known=tuple(sorted(broken & set(baseline.known))),
        stale=tuple(sorted(key for key in baseline.known if key in asked - broken)),
        unknown=tuple(sorted(set(baseline.known) - every)),
        new=tuple(sorted(broken - set(baseline.known))),
    )
