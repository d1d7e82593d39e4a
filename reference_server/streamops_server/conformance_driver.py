"""The conformance driver: a script of calls to the public API, run by the event `conformance.run`.

It uses only what every view can use. In other languages it is about as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import msgspec
from streamops_spec import load_shapes

from streamops_server.errors import BadParams
from streamops_server.request import Request
from streamops_server.view import View, event_handler

Step = dict[str, Any]  # reason: the shape is schemas/v1/script.schema.json, checked before any use


class Conformance(View):
    """The view of the test mode: one element for each variable, in name order."""

    template: ClassVar[str | None] = (
        "{% for name, value in vars|dictsort(case_sensitive=true) %}"
        '<div dj-stream="{{ name }}">{{ value }}</div>{% endfor %}'
    )

    def mount(
        self,
        _request: Request,
        /,
        vars: dict[str, str] | None = None,
        mount_raises: bool = False,
        **_kwargs: Any,
    ) -> None:
        """Set the variables. Raises BadParams for `vars` that are not texts, RuntimeError if asked to."""
        try:
            self.vars = msgspec.convert({} if vars is None else vars, dict[str, str])
        except msgspec.ValidationError as error:
            raise BadParams(f"vars has to be a map of names to texts: {error}") from None
        if mount_raises:
            raise RuntimeError("The client asked for a mount that raises")

    def allows(self, event: str, caps: frozenset[str]) -> bool:
        """Only for clients that agreed on the test mode."""
        return "x-conformance" in caps and super().allows(event, caps)

    @event_handler(name="conformance.run")
    async def run(self, script: list[Step], **_kwargs: Any) -> None:
        """Perform a script. Raises BadParams for one that does not match its schema."""
        shapes = load_shapes("v1:script")
        if not shapes.is_valid(script):
            raise BadParams(f"This is not a script: {shapes.explain(script)}")
        await self.perform(script)

    async def perform(self, steps: list[Step]) -> None:
        """Perform steps one after another."""
        for step in steps:
            arguments = {name: value for name, value in step.items() if name not in ("do", "repeat")}
            for name in arguments.keys() & {"text", "html", "value"}:
                arguments[name] *= step.get("repeat", 1)
            await _STEPS[step["do"]](self, **arguments)

    async def text_units(self, stream: str, units: list[int]) -> None:
        """A text given as UTF-16 code units, so that it may have a lone surrogate."""
        data = b"".join(unit.to_bytes(2, "little") for unit in units)
        await self.stream_text(stream, data.decode("utf-16-le", "surrogatepass"))

    async def replace(self, stream: str, html: str, target: str | None = None) -> None:
        """`stream_to` with html."""
        await self.stream_to(stream, target=target, html=html)

    async def delete(self, stream: str, target: str | None = None) -> None:
        """`stream_delete`."""
        await self.stream_delete(stream, target)

    async def error(self, stream: str, error: str, code: str = "app_error") -> None:
        """`stream_error`."""
        await self.stream_error(stream, error, code)

    async def set(self, var: str, value: str) -> None:
        """Change a variable of the template."""
        self.vars[var] = value

    async def sleep(self, ms: float) -> None:
        """Wait for `ms` milliseconds."""
        await asyncio.sleep(ms / 1000)

    async def fail(self, message: str = "The script says raise") -> None:
        """Raise an error of the application."""
        raise RuntimeError(message)

    async def hang(self) -> None:
        """Wait until it is cancelled."""
        await asyncio.Event().wait()

    async def parallel(self, branches: list[list[Step]]) -> None:
        """Run all branches to their end, each as a producer of its own; then raise the first error."""
        tasks = [self.start_task(self.perform(branch)) for branch in branches]
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def attempt(self, script: list[Step], then: list[Step]) -> None:
        """Perform `then` in any case: what a cancelled handler does to clean up."""
        try:
            await self.perform(script)
        finally:
            await self.perform(then)


class HeadlessConformance(Conformance):
    """The driver for a `hello` that names no view: it renders nothing."""

    template = None


_STEPS: dict[str, Callable[..., Awaitable[None]]] = {
    "start": lambda view, stream: view.stream_start(stream),
    "text": lambda view, stream, **rest: view.stream_text(stream, **rest),
    "text_units": Conformance.text_units,
    "replace": Conformance.replace,
    "insert": lambda view, stream, **rest: view.stream_insert(stream, **rest),
    "delete": Conformance.delete,
    "prune": lambda view, stream, **rest: view.stream_prune(stream, **rest),
    "error": Conformance.error,
    "done": lambda view, stream: view.stream_done(stream),
    "stream_to": lambda view, stream: view.stream_to(stream),
    "push_state": lambda view: view.push_state(),
    "set": Conformance.set,
    "sleep_ms": Conformance.sleep,
    "raise": Conformance.fail,
    "hang": Conformance.hang,
    "parallel": Conformance.parallel,
    "finally": Conformance.attempt,
}
