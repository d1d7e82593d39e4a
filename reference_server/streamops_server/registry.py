"""The views that a server has, by the names that a `hello` may mount."""

from __future__ import annotations

import importlib
import inspect

from streamops_server.view import View


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
        found = {"html"}
        if view is not None and (view.template is not None or view.template_name is not None):
            found.add("view")
        if self._conformance:
            found.add("x-conformance")
        return frozenset(found)


def load_views(spec: str) -> dict[str, type[View]]:
    """The views of `MODULE` or `MODULE:Class`, by class name.

    Raises ImportError for an unknown module, LookupError where it has no such view or none at all.
    """
    module_name, _, class_name = spec.partition(":")
    module = importlib.import_module(module_name)
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
