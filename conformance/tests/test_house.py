"""The structure of the packages: imports, cores without I/O, lengths of files and functions.

ARCHITECTURE.md draws the imports, one line for each package; these tests compare it with the code.
"""

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "conformance" / "streamops_conformance"
SERVER = ROOT / "reference_server" / "streamops_server"
FACTS = ROOT / "spec" / "streamops_spec"
PACKAGES = (SUITE, SERVER, FACTS)
INPUT_AND_OUTPUT = {"asyncio", "os", "random", "secrets", "socket", "threading", "time", "websockets"}
CORES = [
    *("oracle", "model", "v1/oracle", "v0/oracle", "v1/capture", "v0/capture.py"),
    *("v1/format_ops.py", "v1/frames.py", "v1/server/judge.py", "v1/server/transcript_state.py"),
    *("v1/server/connection_state.py", "v1/server/diagnosis.py", "v1/server/missing.py"),
    *("v1/server/due_views.py", "v1/server/receipts.py", "v1/client/judge.py", "v1/client/dump_check.py"),
    *("v1/client/client_transcript.py", "v1/client/sequence.py", "v1/client/wrong_readers.py"),
    *("v0/server/judge.py", "v0/server/described.py", "v0/client/judge.py", "v0/client/sequence.py"),
    *("capture", "proxy/link.py", "proxy/websocket.py"),
    *("tail/client.py", "tail/streams.py", "tail/frames.py", "tail/effects.py", "tail/verdicts.py"),
]
"""Folders and files of the suite that do no input and output: time comes in as an argument."""
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 80


def modules(folder: Path) -> dict[str, Path]:
    """Dotted name → file, for each module below `folder`."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    assert found, f"{folder} holds no module"
    return found


def imported(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The module and the names of each import of a file, at any place in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield node.module or "", [alias.name for alias in node.names]


def module_graph(folder: Path) -> dict[str, set[str]]:
    """Module → the modules of the same distribution package that it imports."""
    known = modules(folder)
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        graph[name] = set()
        for module, names in imported(path):
            inner = {f"{module}.{each}" for each in names if f"{module}.{each}" in known}
            graph[name] |= inner or ({module} & known.keys())
        graph[name].discard(name)
    return graph


def package_of(module: str) -> str:
    """The package in the picture that a module belongs to."""
    parts = module.split(".")[1:]
    if not parts:
        return "(root)"
    return ".".join(parts[:2]) if parts[0] in ("v0", "v1") else parts[0]


def drawn() -> dict[str, set[str]]:
    """Package → packages, as ARCHITECTURE.md draws the suite."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = text.partition("```arrows\n")[2].partition("```")[0]
    lines = [line.partition("→") for line in block.splitlines() if line.strip()]
    return {left.strip(): set(right.replace(",", " ").split()) for left, _, right in lines}


def test_the_imports_of_the_suite_match_the_picture() -> None:
    arrows: dict[str, set[str]] = {}
    for module, targets in module_graph(SUITE).items():
        package = package_of(module)
        arrows.setdefault(package, set()).update(package_of(each) for each in targets)
        arrows[package] -= {package, "(root)"}
    arrows.pop("(root)", None)
    assert arrows == drawn()


def test_the_picture_has_no_circle() -> None:
    TopologicalSorter(drawn()).prepare()


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_no_module_imports_itself_through_others(folder: Path) -> None:
    try:
        TopologicalSorter(module_graph(folder)).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' → '.join(error.args[1])}")


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def test_shared_packages_know_no_wire_and_the_wires_do_not_know_each_other() -> None:
    for package, targets in drawn().items():
        wires = {each.split(".")[0] for each in targets} & {"v0", "v1"}
        assert wires <= {package.split(".")[0]}, package


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        (SUITE, {"streamops_server"}),
        (SERVER, {"streamops_conformance"}),
        (FACTS, {"streamops_server", "streamops_conformance"}),
        (SERVER / "core", INPUT_AND_OUTPUT),
        *((SUITE / core, INPUT_AND_OUTPUT) for core in CORES),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_no_module_imports_what_it_must_not(folder: Path, forbidden: set[str]) -> None:
    paths = [folder] if folder.suffix else list(modules(folder).values())
    for path in paths:
        names = {module.split(".")[0] for module, _ in imported(path)}
        allowed = (
            {"websockets"} if path.match("proxy/websocket.py") else set()
        )  # its parser, which is sans-I/O
        assert not names & forbidden - allowed, path


def test_the_checks_of_one_chapter_do_not_import_those_of_another() -> None:
    for role in ("v1/server", "v1/client", "v0/server", "v0/client"):
        checks = SUITE / role / "checks"
        prefix = f"streamops_conformance.{role.replace('/', '.')}.checks."
        for path in checks.rglob("*.py"):
            if path.name != "__init__.py":
                others = [module for module, _ in imported(path) if module.startswith(prefix)]
                assert set(others) <= {f"{prefix}registry"}, path


def test_only_the_facts_package_opens_the_facts() -> None:
    """No other package knows the places of `spec/` and `schemas/`."""
    for folder in (SUITE, SERVER):
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "protocol.json" not in _code(text), path
            assert ".schema.json" not in _code(text), path


def _code(text: str) -> str:
    """The source of a module without its docstrings and comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


FACTS_TYPED_ONCE = {
    "the lifecycle operations": '"start", "error", "done"',
    "the default target": "[dj-stream='{",
    "the subprotocol": '"streamops.v1"',
    "the transient close codes": "1001, 1006",
}


@pytest.mark.parametrize("fact", FACTS_TYPED_ONCE)
def test_no_fact_of_the_protocol_is_repeated(fact: str) -> None:
    for folder in PACKAGES:
        for path in folder.rglob("*.py"):
            assert FACTS_TYPED_ONCE[fact] not in path.read_text(encoding="utf-8"), path


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


def test_files_and_functions_are_short() -> None:
    for folder in PACKAGES:
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert len(text.splitlines()) <= MOST_LINES, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or 0) - node.lineno + 1
                    assert lines <= MOST_LINES_OF_A_FUNCTION, f"{path}: {node.name}"
