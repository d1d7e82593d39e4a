"""The JSON report; its shape is `schemas/v1/report.schema.json`."""

from statistics import quantiles
from typing import Any

from streamops_spec import load_shapes

from streamops_conformance import __version__
from streamops_conformance.engine.events import VERDICTS, Failure, Report, Result
from streamops_conformance.model.transcript import Entry
from streamops_conformance.report.baseline import Comparison


def json_report(report: Report, comparison: Comparison | None) -> dict[str, Any]:
    """The JSON form of a report. Raises ValueError, naming the place, if it does not match the schema."""
    made: dict[str, Any] = {
        "streamops": __version__,
        "spec": report.spec,
        "role": report.role,
        "target": {
            "name": report.target,
            "url": report.url,
            **({"command": report.command} if report.command else {}),
        },
        "seed": report.seed,
        "examples": report.examples,
        "started": report.started,
        "duration_ms": round(report.duration * 1000, 1),
        "examples_per_second": round(report.generated_per_second, 1),
        "verdict": "conformant" if report.conformant() else "not conformant",
        "summary": {verdict.replace(" ", "_"): report.count(verdict) for verdict in VERDICTS},
        "requirements": [_requirement(result) for result in report.results],
        "timing": {name: distribution(values) for name, values in report.timing.items() if values},
    }
    if comparison is not None:
        made["baseline"] = {
            "file": comparison.file,
            "known": list(comparison.known),
            "stale": list(comparison.stale),
            "unknown": list(comparison.unknown),
        }
    shapes = load_shapes("v1:report")
    if not shapes.is_valid(made):
        raise ValueError(f"the report does not match its schema: {shapes.explain(made)}")
    return made


def distribution(values: list[float]) -> dict[str, float]:
    """Count and percentiles of a measure in milliseconds; `values` is not empty."""
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
    return {
        "count": len(values),
        "p50_ms": round(cuts[49], 2),
        "p90_ms": round(cuts[89], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(values), 2),
    }


def _requirement(result: Result) -> dict[str, Any]:
    requirement = result.requirement
    made: dict[str, Any] = {
        "id": requirement.id,
        "area": requirement.area,
        "role": requirement.role,
        "level": requirement.keyword,
        "needs": list(requirement.needs),
        "text": requirement.text,
        "chapter": requirement.chapter,
        "verdict": result.verdict,
        "check": result.check,
        "examples": result.examples,
        "duration_ms": result.duration_ms,
    }
    if result.reason:
        made["reason"] = result.reason
    if result.known:
        made["known"] = True
    if result.failures:
        made["failures"] = [_failure(failure) for failure in result.failures]
    return made


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "expected": failure.expected,
        "observed": failure.observed,
        "script": failure.script,
        "replay": failure.replay,
        "transcript": transcript(failure.entries, failure.wrong),
    }


def transcript(entries: list[Entry], wrong: int | None) -> list[dict[str, Any]]:
    """The entries in the form that reports have, with the wrong one marked."""
    return [_entry(entry, index == wrong) for index, entry in enumerate(entries)]


def _entry(entry: Entry, wrong: bool) -> dict[str, Any]:
    raw = entry.raw.hex() if isinstance(entry.raw, bytes) else entry.raw
    said: dict[str, Any] = {
        "ms": round(entry.ms, 2),
        "dir": "send" if entry.direction in ("send", "cut") else "recv",
        "frame": entry.frame if entry.frame is not None and not entry.fault else f"{entry.direction}: {raw}",
    }
    return said | ({"wrong": True} if wrong else {})
