"""The driver: one view that runs a script of the conformance suite through djust's public streaming API.

Every call is made as djust's streaming guide shows it, because that is what is being checked. In particular
`stream_insert` and `stream_delete` are awaited, although in djust 1.2.6 that raises.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest
from djust import LiveView, event_handler

Step = dict[str, Any]


class Conformance(LiveView):
    """The driver view (chapter 16)."""

    template_name = "conformance.html"

    def mount(self, request: HttpRequest, vars: dict[str, str] | None = None, **kwargs: object) -> None:  # noqa: ARG002  djust passes it
        """Keep the variables of the view."""
        self.vars = dict(vars or {})

    def get_context_data(self, **kwargs: object) -> dict[str, Any]:
        """The variables as the template needs them."""
        context = super().get_context_data(**kwargs)
        plain = sorted(self.vars.keys() - {"nested"})
        context["rows"] = [{"name": name, "value": self.vars[name]} for name in plain]
        context["nested"] = [self.vars["nested"]] if "nested" in self.vars else []
        return context

    @event_handler
    async def conformance_run(self, script: list[Step], **kwargs: object) -> None:  # noqa: ARG002  djust passes it
        """Run a script of steps."""
        await run(self, script)


async def run(view: Conformance, script: list[Step]) -> None:
    for step in script:
        name = step["do"]
        if name not in STEPS:
            raise NotImplementedError(f"djust has no counterpart of the step {name!r}")
        await STEPS[name](view, step)


async def start(view: Conformance, step: Step) -> None:
    await view.stream_start(step["stream"])


async def text(view: Conformance, step: Step) -> None:
    mode = step.get("mode", "append")
    await view.stream_text(step["stream"], value(step, "text"), mode=mode, **target(step))


async def text_units(view: Conformance, step: Step) -> None:
    """Append the text of these UTF-16 code units, which may hold a lone surrogate."""
    units = b"".join(unit.to_bytes(2, "little") for unit in step["units"])
    await view.stream_text(step["stream"], units.decode("utf-16-le", "surrogatepass"), mode="append")


async def replace(view: Conformance, step: Step) -> None:
    await view.stream_to(step["stream"], html=value(step, "html"), **target(step))


async def insert(view: Conformance, step: Step) -> None:
    at = step.get("at", "append")
    await view.stream_insert(step["stream"], value(step, "html"), at=at, **target(step))


async def delete(view: Conformance, step: Step) -> None:
    await view.stream_delete(step["stream"], step.get("target", f"[dj-stream='{step['stream']}']"))


async def error(view: Conformance, step: Step) -> None:
    await view.stream_error(step["stream"], step["error"])  # djust has no error codes


async def done(view: Conformance, step: Step) -> None:
    await view.stream_done(step["stream"])


async def stream_to(view: Conformance, step: Step) -> None:
    await view.stream_to(step["stream"])


async def push_state(view: Conformance, step: Step) -> None:  # noqa: ARG001  one signature for all steps
    await view.push_state()


async def set_variable(view: Conformance, step: Step) -> None:
    view.vars = {**view.vars, step["var"]: value(step, "value")}


async def sleep_ms(view: Conformance, step: Step) -> None:  # noqa: ARG001  one signature for all steps
    await asyncio.sleep(step["ms"] / 1000)


async def raise_error(view: Conformance, step: Step) -> None:  # noqa: ARG001  one signature for all steps
    raise RuntimeError(step.get("message", "raised by the script"))


async def parallel(view: Conformance, step: Step) -> None:
    """All branches run to their end; then the first error in branch order is raised."""
    branches = (run(view, branch) for branch in step["branches"])
    for result in await asyncio.gather(*branches, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def value(step: Step, field: str) -> str:
    return step[field] * step.get("repeat", 1)


def target(step: Step) -> dict[str, str]:
    return {"target": step["target"]} if "target" in step else {}


# `prune` and `hang` are missing: the guide has no prune, and a handler that hangs cannot be cancelled. It
# would keep its place among the ten connections of an address until the server ends.
STEPS: dict[str, Callable[[Conformance, Step], Awaitable[None]]] = {
    "start": start,
    "text": text,
    "text_units": text_units,
    "replace": replace,
    "insert": insert,
    "delete": delete,
    "error": error,
    "done": done,
    "stream_to": stream_to,
    "push_state": push_state,
    "set": set_variable,
    "sleep_ms": sleep_ms,
    "raise": raise_error,
    "parallel": parallel,
}
