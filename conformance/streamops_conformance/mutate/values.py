"""Reading and changing members of one JSON value: paths, tests, expressions, edits. Nothing is kept here."""

import copy
import html
import re
from collections.abc import Callable, Iterator
from typing import Any

from streamops_conformance.mutate.language import (
    Add,
    Edits,
    Expressions,
    Its,
    Per,
    Plus,
    Register,
    Remove,
    Rename,
    Set,
    Size,
    Substitute,
    Test,
    Text,
)

Frame = dict[str, Any]
Read = Callable[[str, Per], Any]
"""Reads a register."""
NAMES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
TEXTS: dict[str, Callable[[str], str]] = {
    "escape": html.escape,
    "unescape": html.unescape,
    "trim": str.rstrip,
    "upper": str.upper,
}


class Scene:
    """What an expression can see besides the value that it changes."""

    def __init__(self, frame: Frame, item: Frame, read: Read, number: int = 0) -> None:
        self.frame = frame
        self.item = item
        self.read = read
        self.number = number


def places(value: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """Each container and key that the path leads to; the last key of a path without `*` need not be there."""
    *heads, last = path.split(".")
    found = [value]
    for head in heads:
        found = [each[key] for each in found for key in _keys(each, head) if _has(each, key)]
    for each in found:
        for key in _keys(each, last):
            yield each, key


def _keys(value: Any, part: str) -> list[Any]:
    if isinstance(value, dict):
        return list(value) if part == "*" else [part]
    if isinstance(value, list):
        return list(range(len(value))) if part == "*" else [int(part)] if part.lstrip("-").isdigit() else []
    return []


def _has(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else -len(container) <= key < len(container)


def members(value: Any, path: str) -> list[Any]:
    """The values that the path leads to; the empty path leads to the value itself."""
    if not path:
        return [value]
    return [container[key] for container, key in places(value, path) if _has(container, key)]


def member(value: Any, path: str) -> Any:
    """The first value that the path leads to; null where there is none."""
    return next(iter(members(value, path)), None)


def evaluate(expression: Expressions, old: Any, scene: Scene) -> Any:
    """The value of an expression that stands for `old`."""
    match expression:
        case Plus(number=number):
            return old + number if isinstance(old, int) and not isinstance(old, bool) else old
        case Register(name=name, per=per, default=default):
            held = scene.read(name, per)
            return default if held is None else held
        case Its(path=path):
            return copy.deepcopy(member(scene.item, path))
        case Size(path=path):
            return len(member(scene.frame, path) or ())
        case Text(function=function):
            return TEXTS[function](old) if isinstance(old, str) else old
        case Substitute(pattern=pattern, by=by):
            return re.sub(pattern, by, old) if isinstance(old, str) else old
        case _:
            return scene.number


def fits(test: Test, value: Any, scene: Scene) -> bool:
    """Whether a member of `value` passes the test."""
    found = members(value, test.path)
    if test.relation == "has":
        return bool(bool(found) == test.value)
    return any(compared(test, each, scene) for each in found)


def compared(test: Test, value: Any, scene: Scene) -> bool:
    """Whether this value passes the test."""
    other = test.value if test.to is None else evaluate(test.to, value, scene)
    match test.relation:
        case "is":
            return bool(value == other)
        case "is not":
            return bool(value != other)
        case "in" | "not in":
            inside = set(value) <= set(other) if isinstance(value, (list, dict)) else value in other
            return inside == (test.relation == "in")
        case "above" | "below":
            if not all(NAMES.get(type(each)) == "number" for each in (value, other)):
                return False
            return bool(value > other if test.relation == "above" else value < other)
        case "begins":
            return isinstance(value, str) and value.startswith(str(other))
        case "matches":
            return isinstance(value, str) and re.search(other, value) is not None
        case _:
            return bool(NAMES.get(type(value), "null") == other)


def _grows(path: str, container: Any) -> bool:
    return "*" not in path and isinstance(container, dict)


def edit(value: Frame, edits: tuple[Edits, ...], scene: Scene) -> None:
    """Apply the edits to `value` itself."""
    for each in edits:
        for container, key in list(places(value, each.path)):
            there = _has(container, key)
            match each:
                case Set(value=constant, to=expression, leaving=left) if there or _grows(
                    each.path, container
                ):
                    old = container[key] if there else None
                    if not there or old not in left:
                        made = evaluate(expression, old, scene) if expression is not None else constant
                        container[key] = copy.deepcopy(made)
                case Remove() if there:
                    del container[key]
                case Rename(name=name) if there and isinstance(container, dict):
                    container[name] = container.pop(key)
                case Add(value=constant) if there and isinstance(container[key], list):
                    container[key].append(copy.deepcopy(constant))
                case _:
                    pass
