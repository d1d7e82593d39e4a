"""The steps of a driver script as typed data (chapter 16); schema: `schemas/v1/script.schema.json`."""

from typing import Any, Literal

import msgspec


class Step(msgspec.Struct, frozen=True, tag_field="do", omit_defaults=True):
    """One call of the streaming API, or a control step."""


class Start(Step, frozen=True, tag="start"):
    """Open a run."""

    stream: str


class Text(Step, frozen=True, tag="text"):
    """Write text `repeat` times in one call."""

    stream: str
    text: str
    mode: Literal["append", "prepend", "replace"] = "append"
    target: str = ""
    repeat: int = 1


class TextUnits(Step, frozen=True, tag="text_units"):
    """Append the text of these UTF-16 code units, which may be ill-formed."""

    stream: str
    units: tuple[int, ...]


class Replace(Step, frozen=True, tag="replace"):
    """Replace the content of the target with HTML."""

    stream: str
    html: str
    target: str = ""
    repeat: int = 1


class Insert(Step, frozen=True, tag="insert"):
    """Add HTML at the end or at the front of the target."""

    stream: str
    html: str
    at: Literal["append", "prepend"] = "append"
    target: str = ""
    repeat: int = 1


class Delete(Step, frozen=True, tag="delete"):
    """Remove the target element."""

    stream: str
    target: str = ""


class Prune(Step, frozen=True, tag="prune"):
    """Keep at most `limit` element children of the target, removing from `edge`."""

    stream: str
    limit: int
    edge: Literal["top", "bottom"] = "top"
    target: str = ""


class Error(Step, frozen=True, tag="error"):
    """Show an error on a stream."""

    stream: str
    error: str
    code: str = "app_error"


class Done(Step, frozen=True, tag="done"):
    """End the run."""

    stream: str


class StreamTo(Step, frozen=True, tag="stream_to"):
    """Render the template again, and replace the content of the stream with the result."""

    stream: str


class PushState(Step, frozen=True, tag="push_state"):
    """Render the template, and send it as a view."""


class Set(Step, frozen=True, tag="set"):
    """Set a variable of the view, without sending anything."""

    var: str
    value: str
    repeat: int = 1


class Sleep(Step, frozen=True, tag="sleep_ms"):
    """Wait for `ms` milliseconds."""

    ms: float


class Raise(Step, frozen=True, tag="raise"):
    """Raise an error of the application."""

    message: str = ""


class Hang(Step, frozen=True, tag="hang"):
    """Wait until the handler is cancelled."""


Simple = (
    Start
    | Text
    | TextUnits
    | Replace
    | Insert
    | Delete
    | Prune
    | Error
    | Done
    | StreamTo
    | PushState
    | Set
    | Sleep
    | Raise
    | Hang
)


class Parallel(Step, frozen=True, tag="parallel"):
    """Run lists of steps at the same time, each in its own task."""

    branches: tuple[tuple[Simple, ...], ...]


class Finally(Step, frozen=True, tag="finally"):
    """Run `script`, and then always `then`, also after an error or a cancel."""

    script: tuple[Simple, ...]
    then: tuple[Simple, ...]


AnyStep = Simple | Parallel | Finally
Script = tuple[AnyStep, ...]


def to_json(script: Script) -> list[dict[str, Any]]:
    """The script as the value of `params.script`."""
    built: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(script))
    return built


def from_json(value: object) -> Script:
    """The typed script.

    Raises msgspec.ValidationError, naming the step, if `value` is not a script.
    """
    return msgspec.convert(value, Script)


def streams_of(script: Script) -> list[str]:
    """The stream names that a script uses, in the order of their first use."""
    found: dict[str, None] = {}
    for step in script:
        for each in inner(step):
            name = getattr(each, "stream", None)
            if name is not None:
                found.setdefault(name)
    return list(found)


def inner(step: AnyStep) -> tuple[Simple, ...]:
    """The simple steps that a step consists of."""
    match step:
        case Parallel(branches=branches):
            return tuple(each for branch in branches for each in branch)
        case Finally(script=script, then=then):
            return (*script, *then)
        case _:
            return (step,)
