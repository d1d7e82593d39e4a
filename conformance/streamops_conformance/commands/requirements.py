"""`streamops list` and `streamops explain`: the requirements and their checks."""

import json
import re
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from streamops_spec import AREAS, load_requirements
from streamops_spec.prose import Passage, explanation, mentions

from streamops_conformance.catalog import ROLES, Entry, catalog
from streamops_conformance.commands.options import complain, console
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.wires.table import WIRES


def list_requirements(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List every requirement with its check."""
    entries = [entry for spec in WIRES for entry in catalog(spec)]
    if as_json:
        rows = [{**msgspec.to_builtins(entry.requirement), "checks": entry.checks} for entry in entries]
        console().out(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table("id", "spec", "role", "level", "needs", "requirement", "check", box=None)
    for entry in entries:
        each = entry.requirement
        check = entry.check or "[dim]not checked[/]"
        table.add_row(
            each.id, each.spec, each.role, each.keyword, ", ".join(each.needs), escape(each.text), check
        )
    screen = console()
    screen.print(table)
    missing = [entry.requirement.id for entry in entries if entry.missing]
    screen.print(f"{len(entries)} requirements, not checked: {', '.join(missing) or 'none'}")


def explain(requirement: Annotated[str, typer.Argument(metavar="ID", help="Like ORD-1.")]) -> None:
    """Explain a requirement: its text, why it is so, where else it is named, how it is checked."""
    wanted = requirement.upper()
    for spec in WIRES:
        for entry in catalog(spec):
            if entry.requirement.id == wanted:
                _explain(entry)
                return
    ids = [key for spec in WIRES for key in load_requirements(spec)]
    near = [each for each in ids if each.split("-")[0] == wanted.split("-")[0]]
    complain(f"there is no requirement {requirement!r}; there are {', '.join(near or ids)}")
    raise typer.Exit(ExitCode.USAGE)


def _passage(screen: Console, word: str, passage: Passage) -> None:
    """A part of a page: where it stands, and its paragraphs."""
    if not passage.paragraphs:
        return
    screen.print(f"  [bold]{word:<8}[/] {escape(passage.heading)} [dim]({passage.page})[/]")
    for paragraph in passage.paragraphs:
        bold = re.sub(r"\*\*(.+?)\*\*", r"[bold]\1[/]", escape(paragraph))
        screen.print(Padding(bold, (0, 0, 0, 11)))


def _explain(entry: Entry) -> None:
    each = entry.requirement
    roles = [role for role in ROLES if each.speaks_of(role)]
    screen = console()
    screen.print(
        f"[bold]{each.id}[/] {each.keyword} for {' and '.join(f'{role}s' for role in roles)},"
        f" {each.spec}: {AREAS[each.area]}"
    )
    screen.print(f"  {escape(each.text)}")
    screen.print(f"  [bold]observed[/] {escape(each.observed)}")
    if each.needs:
        screen.print(f"  [bold]needs[/]    the capabilities {', '.join(each.needs)}")
    screen.print(f"  [bold]chapter[/]  spec/{each.spec}/{each.chapter}:{each.line}")
    screen.print(f"  [bold]check[/]    {entry.check or 'not checked'}")
    for role, place in entry.places.items():
        screen.print(f"  [bold]code[/]     {place} ({role})")
    _passage(screen, "why", explanation(each))
    for passage in mentions(each):
        _passage(screen, "see", passage)
    for role in roles:
        screen.print(f"  [bold]run it[/]   streamops test {role} --spec {each.spec} --only {each.id}")
