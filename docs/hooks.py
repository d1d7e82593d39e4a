"""A hook of mkdocs that generates the parts of the site which have another source.

- The chapters of `spec/`. Requirement lines become anchored blocks, conversations become tables
  of messages, and every mention of a requirement becomes a link to it.
- The page of all requirements with their checks, from the suite's catalogue.
- The guide's examples, from their files in `examples/guide`.
- The list of commands, from the command line itself; the list of schemas; the index of decisions.
"""

import html
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pygments  # type: ignore[import-untyped]  # reason: it has no types
import typer
from markdown.extensions.toc import slugify  # type: ignore[import-untyped]  # reason: it has no types
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]  # reason: as above
from pygments.lexers.data import JsonLexer  # type: ignore[import-untyped]  # reason: as above
from streamops_conformance.catalog import Entry, catalog
from streamops_conformance.cli import app
from streamops_spec import (
    AREAS,
    Requirement,
    data_root,
    load_requirements,
    load_schema,
    schema_names,
    spec_root,
)

SPECS = ("v1", "v0")
DOCS = Path(__file__).parent
_FENCE = re.compile(r"^```(?P<info>[a-z].*)\n(?P<body>(?s:.*?))^```$", re.MULTILINE)
_TAGGED = re.compile(r"^> \*\*([A-Z]+-\d+)\*\*.*$", re.MULTILINE)
_MENTION = re.compile(rf"(?<![\w`#/\[-])({'|'.join(AREAS)})-(\d+)\b")
_GENERATED = re.compile(r"^<!-- generated: ([a-z]+) -->$", re.MULTILINE)
_EXAMPLE = re.compile(r"^<!-- example: (\S+) -->$", re.MULTILINE)
_LANGUAGES = {".py": "python", ".html": "html+jinja", ".css": "css", ".js": "js"}
_JSON = HtmlFormatter(nowrap=True)


def requirements() -> dict[str, Requirement]:
    return {each.id: each for spec in SPECS for each in load_requirements(spec).values()}


# -- called by mkdocs ---------------------------------------------------------------------------


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replaces patterns in the navigation by the files that they match."""
    config.nav = [_expand(entry) for entry in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the chapters and the schemas to the site, under their paths in the repository."""
    for root, pattern in ((spec_root(), "v*/*.md"), (data_root(), "v*/**/*.json")):
        for path in sorted(root.glob(pattern)):
            uri = posixpath.join(root.name, path.relative_to(root).as_posix())
            files.append(File.generated(config, uri, abs_src_path=str(path)))
    files.append(File.generated(config, "requirements.md", content=requirements_page()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Replaces markers by generated parts, requirement lines by blocks, and ids by links."""
    uri = page.file.src_uri
    if uri.startswith("spec/"):
        markdown = markdown.replace("](../../docs/", "](../../")  # the site's root is the folder docs
    markdown = _GENERATED.sub(lambda match: GENERATED[match[1]](), markdown)
    markdown = _EXAMPLE.sub(lambda match: _example(match[1]), markdown)
    parts, last = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_prose(markdown[last : fence.start()], uri), _block(fence["info"], fence["body"])]
        last = fence.end()
    return "".join([*parts, _prose(markdown[last:], uri)])


def _example(name: str) -> str:
    """A file of the guide's examples as a block of code. Raises FileNotFoundError for an unknown one."""
    path = DOCS.parent / "examples" / "guide" / name
    text = path.read_text(encoding="utf-8")
    return f'```{_LANGUAGES[path.suffix]} title="{name}"\n{text}```\n'


def _expand(entry: Any) -> Any:
    """One entry of the navigation: a pattern, or sections that contain patterns."""
    if not isinstance(entry, dict):
        return entry
    found: dict[str, Any] = {}
    for title, value in entry.items():
        found[title] = value
        if isinstance(value, list):
            found[title] = [uri for item in value for uri in _matches(item)]
    return found


def _matches(item: Any) -> list[Any]:
    if not isinstance(item, str) or "*" not in item:
        return [item]
    root = spec_root().parent if item.startswith("spec/") else DOCS
    paths = sorted(path.relative_to(root).as_posix() for path in root.glob(item))
    return sorted(paths, key=lambda path: (not path.endswith("README.md"), path))


# -- prose ---------------------------------------------------------------------------------


def _prose(text: str, uri: str) -> str:
    """Text outside of code blocks, with requirement lines as blocks and ids as links."""
    return "\n".join(_line(line, uri) for line in text.split("\n"))


def _line(line: str, uri: str) -> str:
    tagged = _TAGGED.match(line)
    if tagged:
        return _requirement(requirements()[tagged[1]], uri)
    if line.startswith(("#", "<")):
        return line
    spans = re.split(r"(`[^`]*`)", line)
    return "".join(span if span.startswith("`") else _link_ids(span, uri) for span in spans)


def _link_ids(text: str, uri: str) -> str:
    def link(match: re.Match[str]) -> str:
        found = requirements().get(match[0])
        return f"[{match[0]}]({_place(found, uri)})" if found else match[0]

    return _MENTION.sub(link, text)


def _place(requirement: Requirement, uri: str) -> str:
    target = f"spec/{requirement.spec}/{requirement.chapter}"
    return f"{posixpath.relpath(target, posixpath.dirname(uri) or '.')}#{requirement.id.lower()}"


def _requirement(each: Requirement, uri: str) -> str:
    anchor = each.id.lower()
    name = f'<a class="requirement-id" href="#{anchor}">{each.id}</a>'
    badges = [_badge(each.keyword.lower(), each.keyword), _badge("role", each.role)]
    badges += [_badge("needs", f"needs {cap}") for cap in each.needs]
    return "\n".join(
        [
            f'<div class="requirement" id="{anchor}" markdown="1">',
            f'<p class="requirement-head">{name} {"".join(badges)}</p>',
            "",
            _link_ids(each.text, uri),
            "",
            f"Observed: {each.observed}",
            "{: .observed }",
            "",
            "</div>",
        ]
    )


def _badge(kind: str, text: str) -> str:
    return f'<span class="badge badge-{kind}">{text}</span>'


# -- blocks of code ------------------------------------------------------------------------


def _block(info: str, body: str) -> str:
    kind, *words = info.split()
    if kind == "exchange":
        return _exchange(body)
    schema = next((word.removeprefix("schema=") for word in words if word.startswith("schema=")), None)
    return _examples(schema, "invalid" in words, body) if schema else f"```{info}\n{body}```"


def _examples(schema: str, invalid: bool, body: str) -> str:
    """Example values with the verdict of a schema, one row per value."""
    verdict, title = ("refused", "rejected by") if invalid else ("valid", "fits")
    rows = [
        f'<div class="said {verdict}"><code>{_json(line)}</code></div>' for line in body.splitlines() if line
    ]
    return _rows(f'<div class="remark">{title} the schema <code>{schema}</code></div>', *rows)


def _exchange(body: str) -> str:
    """A conversation: one row per message, with its sender."""
    rows = []
    for line in body.splitlines():
        side, arrow, said = line.partition(" → ")
        if not arrow or side not in ("C", "S"):
            rows.append(f'<div class="remark">{html.escape(line.removeprefix("# "))}</div>')
            continue
        name = {"C": "client", "S": "server"}[side]
        code = _json(said.removeprefix("unknown "))
        rows.append(f'<div class="said {name}"><span class="who">{name}</span><code>{code}</code></div>')
    return _rows(*rows)


def _rows(*rows: str) -> str:
    return "\n".join(['<div class="exchange highlight">', *rows, "</div>"])


def _json(text: str) -> str:
    """The text with syntax highlighting if it is JSON, else escaped."""
    if not text.startswith(("{", "[")):
        return html.escape(text)
    return str(pygments.highlight(text, JsonLexer(), _JSON)).strip()


# -- generated pages and parts -------------------------------------------------------------


def requirements_page() -> str:
    """Every requirement with its check, by version and area."""
    entries = {spec: sorted(catalog(spec), key=_place_in_area) for spec in SPECS}
    missing = [entry.requirement.id for found in entries.values() for entry in found if entry.missing]
    total = sum(map(len, entries.values()))
    lines = [
        "---\nhide:\n  - navigation\n---",
        "",
        "# Requirements",
        "",
        f"{total} requirements, {total - len(missing)} of them checked by the suite. Each id links to its"
        " place in the specification. `streamops explain ID` shows the same on the command line.",
        "",
    ]
    if missing:
        lines += ['!!! note "Not checked"', "", "    " + ", ".join(missing), ""]
    for spec, found in entries.items():
        lines += [f"## {spec}", ""]
        for area, title in AREAS.items():
            lines += _area(title, [entry for entry in found if entry.requirement.area == area])
    return "\n".join(lines)


def _place_in_area(entry: Entry) -> tuple[int, int]:
    return list(AREAS).index(entry.requirement.area), entry.requirement.number


def _area(title: str, entries: list[Entry]) -> list[str]:
    if not entries:
        return []
    head = [f"### {title}", "", '<div class="requirements" markdown="1">', ""]
    head += ["| id | role | requirement | check |", "|---|---|---|---|"]
    return [*head, *(_row(entry) for entry in entries), "", "</div>", ""]


def _row(entry: Entry) -> str:
    each = entry.requirement
    needs = "".join(_badge("needs", f"needs {cap}") for cap in each.needs)
    check = entry.check if entry.check else '<span class="not-checked">not checked</span>'
    level = _badge(each.keyword.lower(), each.keyword)
    return _cells(each.id, f"{each.role} {level}", f"{each.text} {needs}", check)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.strip().replace('|', chr(92) + '|') for cell in cells)} |"


def _commands() -> str:
    """Every command with its options, from the command line itself."""
    return "\n".join(_command("streamops", typer.main.get_command(app)))


def _command(name: str, command: Any) -> Iterable[str]:  # reason: click's classes have no stable home
    subcommands = getattr(command, "commands", {})
    for word, subcommand in subcommands.items():
        yield from _command(f"{name} {word}", subcommand)
    if subcommands:
        return
    parameters = [each for each in command.params if each.name != "help"]
    arguments = [
        _metavar(each) if each.required else f"[{_metavar(each)}]"
        for each in parameters
        if each.param_type_name == "argument"
    ]
    yield from (f"## {name}", "", command.help or "", "")
    yield from ("```sh", " ".join([name, *arguments, "[OPTIONS]"]), "```", "")
    yield from ("| option | meaning | default |", "|---|---|---|")
    for each in parameters:
        words = [_metavar(each)] if each.param_type_name == "argument" else each.opts[-1:]
        if each.param_type_name == "option" and not each.is_flag:
            words.append(_metavar(each))
        default = f"`{each.default}`" if each.default not in (None, "", False) else ""
        yield _cells(f"`{' '.join(words)}`", each.help or "", default)
    yield ""


def _metavar(parameter: Any) -> str:
    """The placeholder of a value; `FILE` for options whose name does not say that they take a file."""
    named = {"config": "FILE", "baseline": "FILE", "script": "FILE"}.get(
        parameter.name, parameter.name.upper()
    )
    return str(parameter.metavar or named)


def _schemas() -> str:
    """Every schema with its description."""
    files = {path.name.removesuffix(".schema.json"): path for path in data_root().glob("v1/**/*.schema.json")}
    older = {path.name.removesuffix(".schema.json"): path for path in data_root().glob("v0/**/*.schema.json")}
    rows = ["| schema | description |", "|---|---|"]
    for name in schema_names():
        version, _, stem = name.partition(":")
        path = (files if version == "v1" else older).get(stem)
        if path is None:
            continue
        schema = load_schema(name)
        rows.append(
            _cells(
                f"[`{name}`](schemas/{path.relative_to(data_root()).as_posix()})",
                schema.get("description", schema["title"]),
            )
        )
    return "\n".join(rows)


def _decisions() -> str:
    """The pages of decisions by title, each with its sections."""
    rows = []
    for path in sorted(DOCS.glob("decisions/*.md")):
        if path.name == "README.md":
            continue
        title, *sections = re.findall(r"^##? (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        rows.append(f"- [{title}]({path.name})")
        rows += [f"    - [{each}]({path.name}#{_slug(each)})" for each in sections]
    return "\n".join(rows)


def _slug(heading: str) -> str:
    """The anchor that mkdocs gives to a heading."""
    return str(slugify(heading.replace("`", ""), "-"))


GENERATED: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "schemas": _schemas,
    "decisions": _decisions,
}
