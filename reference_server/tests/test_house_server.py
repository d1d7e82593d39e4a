"""The rules of the server's own house: its arrows, its owners, its sizes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "streamops_server"
FACTS = Path(__file__).parents[2] / "spec" / "streamops_spec"
MODULES = sorted(PACKAGE.rglob("*.py"))
OWNED = {
    "stream": "Stream",
    "run": "Run",
    "producers": "Producer",
    "sent_log": "SentLog",
    "window": "Window",
    "view_queue": "ViewQueue",
}
"""Module of the core → the class in it whose attributes only its own methods write."""
NO_IO = {
    "asyncio",
    "contextvars",
    "logging",
    "os",
    "random",
    "secrets",
    "socket",
    "threading",
    "time",
    "websockets",
}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """`streamops_server.core.stream` for its file; a package goes by its own name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imported(path: Path) -> set[str]:
    """The modules of the server that this one imports: anywhere in it, and under TYPE_CHECKING too."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            module = node.module or ""
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= names & NAMES or {module}
    return found & NAMES


ARROWS = {name_of(path): imported(path) for path in MODULES}


def reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [*arrows[start]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += arrows[name]
    return seen


def test_no_module_imports_itself_over_others() -> None:
    assert {name for name in ARROWS if name in reachable(name, ARROWS)} == set()


def test_a_circle_would_be_seen() -> None:
    assert "a" in reachable("a", {"a": {"b"}, "b": {"c"}, "c": {"a"}})


LAYERS = {
    "streamops_server.core": set(),
    "streamops_server.interfaces": {"streamops_server.core"},
    "streamops_server.demo": {"streamops_server"},
}
"""Package → the packages that its modules may import besides their own."""


def package_of(module: str) -> str:
    folder = ".".join(module.split(".")[:2])
    return folder if folder in LAYERS else "streamops_server"


@pytest.mark.parametrize("package", LAYERS)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    allowed = LAYERS[package] | {package}
    for module, targets in ARROWS.items():
        if package_of(module) == package and module != "streamops_server.demo.__main__":
            assert {package_of(target) for target in targets} <= allowed, module


IMPLEMENTATIONS = {
    f"streamops_server.{name}"
    for name in ("websocket_server", "jinja_renderer", "memory_store", "memory_topics")
}


@pytest.mark.parametrize(
    "module",
    ["session_host", "session_runner", "view_runner", "pump", "producer_tasks", "inbox", "thread_calls"],
)
def test_what_runs_sessions_knows_no_implementation_of_a_seam(module: str) -> None:
    assert not reachable(f"streamops_server.{module}", ARROWS) & IMPLEMENTATIONS


def test_the_core_does_no_input_and_output() -> None:
    for path in (PACKAGE / "core").rglob("*.py"):
        found = set()
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
        assert not found & NO_IO, path


# -- one owner of a stream's state ---------------------------------------------------------


def targets(node: ast.AST) -> Iterator[ast.Attribute]:
    """The attributes that a statement assigns to or deletes."""
    match node:
        case ast.Assign():
            places: list[ast.expr] = node.targets
        case ast.AugAssign() | ast.AnnAssign():
            places = [node.target]
        case ast.Delete():
            places = node.targets
        case ast.For() | ast.AsyncFor():
            places = [node.target]
        case _:
            return
    for place in places:
        for part in ast.walk(place):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store | ast.Del):
                yield part


def is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def attributes(module: str) -> set[str]:
    """What the class of that module keeps: its `__slots__`, or what its `__init__` assigns."""
    (cls,) = [
        node
        for node in parse(PACKAGE / "core" / f"{module}.py").body
        if isinstance(node, ast.ClassDef) and node.name == OWNED[module]
    ]
    found = {place.attr for node in ast.walk(cls) for place in targets(node) if is_self(place)}
    assert found, cls.name
    return found


def writes_from_outside(tree: ast.Module, owned: set[str]) -> set[str]:
    """Assignments to an owned attribute of anything but `self`, and calls of setattr."""
    places = {
        ast.unparse(place)
        for node in ast.walk(tree)
        for place in targets(node)
        if place.attr in owned and not is_self(place)
    }
    calls = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "object.__setattr__")
    }
    return places | calls


@pytest.mark.parametrize("module", OWNED)
def test_only_its_own_methods_write_an_object_of_the_core(module: str) -> None:
    owned = attributes(module)
    for path in (PACKAGE / "core").rglob("*.py"):
        assert not writes_from_outside(parse(path), owned), path


@pytest.mark.parametrize("module", OWNED)
def test_only_the_core_writes_an_object_of_the_core(module: str) -> None:
    """The modules around the core assign to no attribute of such a name but their own."""
    owned = attributes(module)
    for path in [*PACKAGE.glob("*.py"), *(PACKAGE / "interfaces").glob("*.py")]:
        assert not {each for each in writes_from_outside(parse(path), owned) if "setattr" not in each}, path


@pytest.mark.parametrize(
    "line",
    [
        "stream.muted = False",
        "a.b.sent += 1",
        "del stream.run",
        "x, stream.state = 1, 'open'",
        "for stream.turn in (): pass",
        "setattr(stream, 'run', None)",
    ],
)
def test_a_write_from_outside_would_be_seen(line: str) -> None:
    assert writes_from_outside(ast.parse(line), attributes("stream"))


# -- one place for each of these -----------------------------------------------------------


def handlers_of(name: str) -> list[str]:
    """The modules with an `except` for that exception."""
    return [
        name_of(path).removeprefix("streamops_server.")
        for path in MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and name in ast.unparse(node.type)
    ]


def test_one_place_turns_a_fence_into_a_cancellation() -> None:
    assert handlers_of("Fenced") == ["view_runner"]


def test_one_place_catches_what_the_program_raises() -> None:
    assert handlers_of("BaseException") == []
    assert handlers_of("CancelledError") == []
    assert [path.stem for path in MODULES if "_NEVER_CAUGHT" in path.read_text(encoding="utf-8")] == [
        "program_code"
    ]


# -- sizes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [PACKAGE, FACTS], ids=["server", "facts"])
def test_files_have_at_most_300_lines_and_functions_80(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 80, f"{path}: {node.name}"
