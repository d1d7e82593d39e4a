"""Loads views from a module, for `--views`."""

from __future__ import annotations

import importlib
import inspect
import sysconfig
import traceback

from streamops_server.view import View

_FOREIGN = (
    "<frozen",
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""How the paths of files begin that are not the user's own."""


def load_views(spec: str) -> dict[str, type[View]]:
    """The views of `MODULE` or `MODULE:Class`, by class name.

    Raises ImportError for a module that cannot be imported, whatever that raises: one line with file
    and line number. Raises LookupError for a module without that view, or without any.
    """
    module_name, _, class_name = spec.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ImportError(f"{_place(error) or module_name}: {reason}") from error
    found = {
        name: member
        for name, member in vars(module).items()
        if inspect.isclass(member) and issubclass(member, View) and member.__module__ == module.__name__
    }
    if class_name:
        found = {name: view for name, view in found.items() if name == class_name}
    if not found:
        raise LookupError(
            f"{spec} does not define a view; a view is a class that inherits from streamops_server.View"
        )
    return found


def _place(error: BaseException) -> str:
    """The file and line of the user's code that failed; empty if none was reached."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith(_FOREIGN)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
