"""The site builds strictly; what it says about the driver is what the schemas say."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamops_spec import load_requirements, load_schema, load_shapes, schema_names

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "testing-your-server.md").read_text(encoding="utf-8")


def blocks(language):
    """The fenced blocks of the guide in one language, without their indent."""
    for match in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", GUIDE, re.MULTILINE | re.DOTALL):
        yield "\n".join(line.removeprefix(match[1]) for line in match[2].split("\n"))


def steps():
    schema = load_schema("v1:script")["$defs"]
    return {*schema["simple"]["properties"]["do"]["enum"], "parallel"}


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


def test_the_target_file_of_the_guide_has_the_shape_of_its_schema():
    target = next(text for text in map(tomllib.loads, blocks("toml")) if "url" in text)
    if "v1:target" not in schema_names():
        pytest.skip("there is no schema of target files yet")
    assert load_shapes("v1:target").explain(target) == ""
