"""The site builds strictly; what it says about the driver is what the schemas say."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamops_conformance.exit_codes import ExitCode
from streamops_server import Request, Unauthorized, View
from streamops_spec import load_requirements, load_schema, load_shapes

ROOT = Path(__file__).parents[2]


def blocks(language, page="testing-your-server.md"):
    """The fenced blocks of a page in one language, without their indent."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for match in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        yield "\n".join(line.removeprefix(match[1]) for line in match[2].split("\n"))


def steps():
    schema = load_schema("v1:script")["$defs"]
    return {*schema["simple"]["properties"]["do"]["enum"], "parallel", "finally"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # the theme's note about its successor
    result = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    return folder


def test_every_requirement_has_its_anchor_and_its_row(site):
    table = (site / "requirements" / "index.html").read_text(encoding="utf-8")
    for spec in ("v1", "v0"):
        for each in load_requirements(spec).values():
            chapter = site / "spec" / spec / each.chapter.removesuffix(".md") / "index.html"
            assert f'id="{each.id.lower()}"' in chapter.read_text(encoding="utf-8")
            assert f'#{each.id.lower()}">{each.id}</a>' in table


def test_the_site_asks_nobody_else_for_anything(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?://[^"]*)"', text)
        assert not loaded, page


def test_tests_and_hooks_are_not_part_of_the_site(site):
    assert not list(site.rglob("*.py"))


def test_the_drivers_know_every_step():
    (python,) = blocks("python")
    (javascript,) = blocks("js")
    ast.parse(python)
    assert set(re.findall(r'^    "(\w+)": lambda', python, re.MULTILINE)) == steps()
    assert set(re.findall(r'case "(\w+)":', javascript)) == steps()


def test_the_examples_of_the_reference_server_are_views():
    example, declared, blocking, room, together, rows, started, guarded = blocks(
        "python", "reference-server.md"
    )
    names = {}
    exec(example, names)
    assert names["Chat"]._streamops_events == {"send_message": "send_message"}
    exec(declared, names)
    assert names["Chat"].template_renders == {"answer"}
    exec(rows, names)
    assert names["Rows"].root_tag == "tbody"
    for code in (blocking, room, together, started):  # The first three run in the tests of the server.
        ast.parse(code)
    exec(guarded, names)
    request = Request("/", {"authorization": "Bearer secret-of-ada"}, "id")
    assert names["authenticate"](request) == "ada"
    with pytest.raises(Unauthorized):
        names["authenticate"](Request("/", {}, "id"))
    assert names["server"]({"Chat": names["Chat"]}).port == 0


def test_the_calls_of_the_reference_server_have_those_arguments():
    page = (ROOT / "docs" / "reference-server.md").read_text(encoding="utf-8")
    calls = re.findall(r"^\| `(?:await )?(\w+)\((.*?)\)` \|", page, re.MULTILINE)
    assert len(calls) == 10
    for name, arguments in calls:
        signature = inspect.signature(getattr(View, name)).parameters.values()
        found = [
            each.name if each.default is each.empty else f"{each.name}={each.default!r}" for each in signature
        ]
        assert ", ".join(found[1:]).replace("'", '"') == arguments


def test_the_exit_codes_are_those_of_the_command():
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == list(ExitCode)


def test_the_target_file_of_the_guide_has_the_shape_of_its_schema():
    target = next(text for text in map(tomllib.loads, blocks("toml")) if "url" in text)
    assert load_shapes("v1:target").explain(target) == ""
