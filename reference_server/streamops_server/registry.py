"""The views of a server, by the names that a `hello` may use."""

from __future__ import annotations

from streamops_server.view import View


class Registry:
    """`views` by name. A `hello` that names no view mounts `default`, or nothing without one."""

    def __init__(
        self, views: dict[str, type[View]], default: type[View] | None = None, *, conformance: bool = False
    ) -> None:
        self.views = views
        self.default = default
        self._conformance = conformance

    def capabilities(self, view: type[View] | None) -> frozenset[str]:
        """The capabilities that the server offers to a session with `view`; None if nothing is mounted."""
        found = {"html", "ack", "resume"}
        if view is not None and view.has_template():
            found.add("view")
        if self._conformance:
            found.add("x-conformance")
        return frozenset(found)

    def offer(self) -> str:
        """What a `hello` may name, as the end of an error message."""
        if not self.views:
            return "this server has no views"
        return f"name one in hello.view: {', '.join(sorted(self.views))}"
