"""The terminal report: a progress bar during the run, then a table by chapter and each failure."""

from collections import defaultdict

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from streamops_conformance.engine import events
from streamops_conformance.engine.events import Failure, Report, Result
from streamops_conformance.model.transcript import Entry
from streamops_conformance.report.baseline import Comparison
from streamops_conformance.report.json_report import distribution

STYLES = {
    "pass": "green",
    "fail": "bold red",
    "warn": "yellow",
    "not applicable": "dim",
    "not checked": "dim",
    "inconclusive": "magenta",
}
MARKS = {
    "pass": "✓",
    "fail": "✗",
    "warn": "!",
    "not applicable": "–",
    "not checked": "·",
    "inconclusive": "?",
}
AROUND = 6
"""How many entries of a transcript are shown before and after the wrong one."""


class ProgressBar:
    """Observes an engine; one bar per phase."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, progress: events.Progress) -> None:
        """Show the progress of a phase."""
        if progress.phase not in self._tasks:
            self._tasks[progress.phase] = self._progress.add_task(progress.phase, total=progress.total)
        self._progress.update(self._tasks[progress.phase], completed=progress.done, total=progress.total)


def show(report: Report, comparison: Comparison | None, console: Console) -> None:
    """Print the whole report."""
    console.print(_table(report))
    not_checked = [result.requirement.id for result in report.results if result.verdict == "not checked"]
    if not_checked:
        console.print(f"[dim]Not checked: {', '.join(not_checked)}[/]")
    for verdict in ("inconclusive", "not applicable"):
        for result in report.results:
            if result.verdict == verdict:
                console.print(
                    f"[{STYLES[verdict]}]{result.requirement.id} {verdict}:[/] {escape(result.reason)}"
                )
    for result in report.results:
        for failure in result.failures:
            console.print(failure_block(result, failure))
    _timing(report, console)
    _summary(report, comparison, console)


def _table(report: Report) -> Table:
    title = f"\n{escape(report.target)} against {report.spec}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("chapter", no_wrap=True)
    shown = [verdict for verdict in events.VERDICTS if verdict == "pass" or report.count(verdict)]
    for verdict in shown:
        table.add_column(verdict, justify="right", style=STYLES[verdict], no_wrap=True)
    table.add_column("" if report.conformant() else "not passed")
    chapters: dict[str, list[Result]] = defaultdict(list)
    for result in report.results:
        chapters[result.requirement.chapter].append(result)
    for chapter, results in chapters.items():
        counts = [sum(result.verdict == verdict for result in results) for verdict in shown]
        marked = Text()
        for result in results:
            if result.verdict in ("fail", "warn", "inconclusive"):
                marked.append(f"{MARKS[result.verdict]}{result.requirement.id} ", STYLES[result.verdict])
        number, _, name = chapter.removesuffix(".md").partition("-")
        title = f"[dim]{number}[/] {name.replace('-', ' ')}"
        table.add_row(title, *(str(count) if count else "[dim]·[/]" for count in counts), marked)
    return table


def failure_block(result: Result, failure: Failure) -> Group:
    """One failure: what was expected and observed, the frames around it, and how to replay it."""
    requirement = result.requirement
    style = STYLES[result.verdict]
    title = f"[{style}]{MARKS[result.verdict]} {requirement.id}[/] {requirement.keyword}"
    parts: list[Text | str | Padding | Table] = [
        "",
        f"{title} {escape(_plain(requirement.text))}{' [dim](known)[/]' if result.known else ''}",
        f"  [bold]expected[/]  {escape(_short(failure.expected))}",
        f"  [bold]observed[/]  {escape(_short(failure.observed))}",
    ]
    if failure.script is not None and "messages" not in failure.script:
        parts.append("  [bold]script[/]")
        for number, script in enumerate(failure.script["scripts"], start=1):
            event = f"event {number}: " if len(failure.script["scripts"]) > 1 else ""
            parts += [f"    {event}{escape(_step(step))}" for step in script] or [f"    {event}(empty)"]
    if failure.entries:
        parts += ["  [bold]transcript[/]", Padding(_transcript(failure), (0, 0, 0, 4))]
    parts.append(f"  [bold]replay[/]    {escape(failure.replay)}")
    return Group(*parts)


def _plain(text: str) -> str:
    """A requirement without its Markdown."""
    return text.replace("*", "").replace("`", "")


def _step(step: dict[str, object]) -> str:
    rest = " ".join(f"{key}={value!r}" for key, value in step.items() if key != "do")
    return f"{step['do']} {rest}".strip()


def _transcript(failure: Failure) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    wrong = failure.wrong if failure.wrong is not None else len(failure.entries) - 1
    first, last = max(0, wrong - AROUND), min(len(failure.entries), wrong + AROUND + 1)
    if first:
        table.add_row("", "", f"[dim]… {first} earlier[/]")
    for index in range(first, last):
        entry = failure.entries[index]
        marked = index == failure.wrong
        style = "bold red" if marked else ""
        arrow = {"send": "→", "recv": "←", "close": "×", "cut": "✂"}[entry.direction] + (
            " ✗" if marked else ""
        )
        table.add_row(f"{entry.ms:.1f} ms", arrow, Text(_said(entry), style=style))
    if last < len(failure.entries):
        table.add_row("", "", f"[dim]… {len(failure.entries) - last} later[/]")
    return table


def _said(entry: Entry) -> str:
    raw = f"{len(entry.raw)} bytes" if isinstance(entry.raw, bytes) else entry.raw
    return _short(raw)


def _short(text: str, limit: int = 600) -> str:
    return (
        text
        if len(text) <= limit
        else f"{text[: limit // 2]} … {text[-limit // 3 :]} ({len(text)} characters)"
    )


def _timing(report: Report, console: Console) -> None:
    table = Table(title="Timing, measured and not judged", title_justify="left", box=None)
    for column in ("", "count", "p50", "p90", "p99", "max"):
        table.add_column(column, justify="left" if not column else "right", style="dim")
    for name, values in report.timing.items():
        if values:
            table.add_row(name, *(f"{value:g}" for value in distribution(values).values()))
    if table.row_count:
        console.print("")
        console.print(table)


def _summary(report: Report, comparison: Comparison | None, console: Console) -> None:
    counts = ", ".join(
        f"{count} {verdict}" for verdict in events.VERDICTS if (count := report.count(verdict))
    )
    drawn = "scripts" if report.role == "server" else "sequences"
    console.print("")
    console.print(
        f"{report.examples} {drawn}, {report.generated_per_second:.0f} examples per second,"
        f" seed {report.seed}, {report.duration:.1f} s: {counts}"
    )
    if comparison is not None:
        for title, ids, style in (
            ("known failures", comparison.known, "dim"),
            ("new failures", comparison.new, "bold red"),
            ("stale: these no longer fail, remove them", comparison.stale, "bold yellow"),
            ("matching no requirement", comparison.unknown, "bold yellow"),
        ):
            if ids:
                console.print(f"[{style}]{escape(comparison.file)}: {title}: {', '.join(ids)}[/]")
    verdict = "[bold green]conformant[/]" if report.conformant() else "[bold red]not conformant[/]"
    if comparison is not None and not (comparison.new or comparison.stale or comparison.unknown):
        verdict += " [dim](as the baseline says)[/]" if comparison.known else ""
    if not report.conformant() and not report.count("fail"):
        verdict = "[bold magenta]not shown to be conformant[/]"
    console.print(f"{escape(report.target)} is {verdict} to {report.spec}")
