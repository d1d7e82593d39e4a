"""What the mixins of a view have in common: the session that the view is mounted in."""

from __future__ import annotations

from streamops_server.interfaces.streaming_backend import StreamingBackend


class Mounted:
    """A view, or a part of its API. The prefix keeps the names of a view's state free."""

    _streamops_backend: StreamingBackend | None = None

    def _streamops_mount(self, backend: StreamingBackend) -> None:
        vars(self)["_streamops_backend"] = backend  # past `__setattr__`, which keeps the name from the state

    def _streamops_mounted(self) -> StreamingBackend:
        if self._streamops_backend is None:
            raise RuntimeError("This view is not mounted; its calls work from mount on")
        return self._streamops_backend
