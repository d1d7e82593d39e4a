"""The arrows of the house: who imports whom, and what cores must not touch."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "conformance" / "streamops_conformance"
SERVER = ROOT / "reference_server" / "streamops_server"
FACTS = ROOT / "spec" / "streamops_spec"
INPUT_AND_OUTPUT = {"asyncio", "os", "random", "secrets", "socket", "threading", "time", "websockets"}


def imports(folder: Path) -> dict[Path, set[str]]:
    """The top-level packages that each module below `folder` imports, wherever in the module."""
    found = {}
    for path in folder.rglob("*.py"):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").split(".")[0])
        found[path] = names
    assert found, f"{folder} holds no module"
    return found


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        (SUITE, {"streamops_server"}),
        (SERVER, {"streamops_conformance"}),
        (FACTS, {"streamops_server", "streamops_conformance"}),
        (
            SERVER / "core",
            {"asyncio", "socket", "time", "random", "secrets", "websockets", "threading", "os"},
        ),
        (
            SUITE / "oracle",
            {"asyncio", "socket", "time", "random", "secrets", "websockets", "threading", "os"},
        ),
        (SUITE / "judge", {"asyncio", "socket", "time", "random", "websockets"}),
    ],
    ids=["suite", "server", "facts", "core", "oracle", "judge"],
)
def test_nothing_imports_what_it_must_not(folder: Path, forbidden: set[str]) -> None:
    guilty = {str(path.relative_to(ROOT)): names & forbidden for path, names in imports(folder).items()}
    assert not {path: names for path, names in guilty.items() if names}


@pytest.mark.parametrize("name", ["client", "streams", "frames", "effects", "verdicts"])
def test_the_core_of_the_terminal_client_does_no_input_and_output(name: str) -> None:
    tail = SUITE / "tail"
    assert not imports(tail)[tail / f"{name}.py"] & INPUT_AND_OUTPUT


def test_only_the_facts_package_opens_the_facts() -> None:
    """Nobody else knows where `spec/` and `schemas/` stand."""
    for folder in (SUITE, SERVER):
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "protocol.json" not in _code(text), path
            assert ".schema.json" not in _code(text), path


def _code(text: str) -> str:
    """The module without its docstrings and comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def test_the_wheel_holds_every_schema_and_chapter(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    for folder, name in (("schemas", "v*/**/*.json"), ("schemas", "vectors/**/*.json"), ("spec", "v*/*.md")):
        for path in (ROOT / folder).glob(name):
            assert f"streamops_spec/_data/{path.relative_to(ROOT)}" in held, path
    assert not any("node_modules" in name or "/tests/" in name for name in held)
    assert {"streamops_spec/py.typed", "streamops_server/py.typed", "streamops_conformance/py.typed"} <= held


def test_most_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in (SUITE, SERVER, FACTS)
        for path in folder.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
