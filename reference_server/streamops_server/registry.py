"""The views that a server has, by the names that a `hello` may mount."""

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
"""Where the files begin that are nobody's views."""


class Registry:
    """`default` is mounted where a `hello` names no view; without one nothing is."""

    def __init__(
        self, views: dict[str, type[View]], default: type[View] | None = None, *, conformance: bool = False
    ) -> None:
        self.views = views
        self.default = default
        self._conformance = conformance

    def capabilities(self, view: type[View] | None) -> frozenset[str]:
        """What the server offers to a session that mounts `view`; None where there is nothing to mount."""
        found = {"html", "ack", "resume"}
        if view is not None and (view.template is not None or view.template_name is not None):
            found.add("view")
        if self._conformance:
            found.add("x-conformance")
        return frozenset(found)

    def offer(self) -> str:
        """For messages: what a `hello` may name."""
        if not self.views:
            return "this server has none"
        return f"name one in hello.view: {', '.join(sorted(self.views))}"


def load_views(spec: str) -> dict[str, type[View]]:
    """The views of `MODULE` or `MODULE:Class`, by class name.

    Raises ImportError, in one line with the place, for a module that cannot be imported, whatever it
    raises; LookupError where it has no such view or none at all.
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
            f"{spec} has no such view; a view is a class that inherits from streamops_server.View"
        )
    return found


def _place(error: BaseException) -> str:
    """File and line of the user's own that an import failed at; empty where none was reached."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith(_FOREIGN)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
