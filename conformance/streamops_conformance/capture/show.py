"""The report of `streamops check`: on the terminal, and as JSON in the shape of the schema `v1:check`."""

from collections import defaultdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from streamops_spec import load_shapes

from streamops_conformance import __version__
from streamops_conformance.capture.findings import CaptureFindings, Finding, Line
from streamops_conformance.capture.model import Capture
from streamops_conformance.engine.events import Failure, Result
from streamops_conformance.report.json_report import transcript
from streamops_conformance.report.terminal import failure_block

MOST_SKIPPED = 5
HEADS = {"client": "the client", "server": "the server"}


def show(name: str, capture: Capture, all_findings: list[CaptureFindings], console: Console) -> None:
    """Print what is broken, what holds, and what the capture cannot show."""
    count = len(capture.connections)
    console.print(
        f"\n[bold]{escape(name)}[/]: {capture.source}, {count} connection{'s' * (count != 1)},"
        f" {capture.messages():,} messages"
    )
    for each in capture.connections:
        if each.unreadable:
            console.print(
                f"[yellow]connection {each.number} cannot be read further: {escape(each.unreadable)}[/]"
            )
    for what in capture.skipped[:MOST_SKIPPED]:
        console.print(f"[yellow]skipped: {escape(what)}[/]")
    if len(capture.skipped) > MOST_SKIPPED:
        console.print(f"[yellow]and {len(capture.skipped) - MOST_SKIPPED} more were skipped[/]")
    for findings in all_findings:
        _account(name, findings, console)
    broken = [finding for findings in all_findings for finding in findings.findings]
    if not broken:
        console.print("[bold green]nothing wrong[/] in what the wire shows")
    else:
        ids = ", ".join(dict.fromkeys(each.id for each in broken))
        clean = all(findings.clean for findings in all_findings)
        style = "bold yellow]not as recommended" if clean else "bold red]broken"
        console.print(f"[{style}[/]: {ids}")


def _account(name: str, findings: CaptureFindings, console: Console) -> None:
    lines = findings.lines()
    for side in ("server", "client"):
        mine = [line for line in lines if line.side == side]
        if mine:
            console.print(_table(f"\n{findings.spec}: {HEADS[side]}", mine))
    for remark in findings.remarks:
        console.print(f"[dim]{escape(remark)}[/]")
    for line in lines:
        verdict = "fail" if line.requirement.keyword == "MUST" else "warn"
        for finding in line.findings[:3]:
            where = f"on connection {finding.connection}"
            failure = Failure(
                finding.expected,
                f"{finding.observed} ({where})",
                None,
                f"streamops check {name}",
                finding.entries,
                finding.wrong,
            )
            console.print(failure_block(Result(line.requirement, None, verdict), failure))
        if len(line.findings) > 3:
            console.print(f"  [dim]and {len(line.findings) - 3} more of {line.requirement.id}[/]")
    console.print("")


def _table(title: str, lines: list[Line]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("chapter", no_wrap=True)
    table.add_column("broken", style="bold red")
    table.add_column("holds (frames checked)", style="green")
    table.add_column("not shown", style="dim")
    table.add_column("cannot be told from the wire alone", style="dim")
    chapters: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        chapters[line.requirement.chapter].append(line)
    for chapter, found in chapters.items():
        number, _, words = chapter.removesuffix(".md").partition("-")
        cells = [
            Text(", ".join(_said(line) for line in found if line.verdict == verdict))
            for verdict in ("broken", "holds", "not shown", "cannot be told")
        ]
        table.add_row(f"[dim]{number}[/] {words.replace('-', ' ')}", *cells)
    return table


def _said(line: Line) -> str:
    return f"{line.requirement.id} ×{line.frames:,}" if line.verdict == "holds" else line.requirement.id


def report(name: str, capture: Capture, all_findings: list[CaptureFindings]) -> dict[str, Any]:
    """The JSON report. Raises ValueError, saying where, if it does not match the schema."""
    made: dict[str, Any] = {
        "streamops": __version__,
        "file": name,
        "source": capture.source,
        "connections": len(capture.connections),
        "messages": capture.messages(),
        **({"skipped": capture.skipped} if capture.skipped else {}),
        "verdict": "nothing wrong" if all(findings.clean for findings in all_findings) else "broken",
        "accounts": [
            {
                "spec": findings.spec,
                "sessions": findings.sessions,
                "remarks": findings.remarks,
                "requirements": [
                    {
                        "id": line.requirement.id,
                        "side": line.side,
                        "level": line.requirement.keyword,
                        "verdict": line.verdict,
                        "frames": line.frames,
                        "findings": [_finding(each) for each in line.findings],
                    }
                    for line in findings.lines()
                ],
            }
            for findings in all_findings
        ],
    }
    shapes = load_shapes("v1:check")
    if not shapes.is_valid(made):
        raise ValueError(f"the report does not match its schema: {shapes.explain(made)}")
    return made


def _finding(each: Finding) -> dict[str, Any]:
    first = max(0, (each.wrong if each.wrong is not None else len(each.entries)) - 10)
    return {
        "expected": each.expected,
        "observed": each.observed,
        "connection": each.connection,
        "transcript": transcript(
            each.entries[first : first + 21], None if each.wrong is None else each.wrong - first
        ),
    }
