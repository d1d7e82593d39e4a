"""The steps of a driver script as typed data (chapter 16); schema: `schemas/v1/script.schema.json`."""

from typing import Any, Literal

import msgspec


class Step(msgspec.Struct, frozen=True, tag_field="do", omit_defaults=True):
    """One call of the streaming API, or a control step."""


class Start(Step, frozen=True, tag="start"):
    stream: str


class Text(Step, frozen=True, tag="text"):
    stream: str
    text: str
    mode: Literal["append", "prepend", "replace"] = "append"
    target: str = ""
    repeat: int = 1


class TextUnits(Step, frozen=True, tag="text_units"):
    stream: str
    units: tuple[int, ...]


class Replace(Step, frozen=True, tag="replace"):
    stream: str
    html: str
    target: str = ""
    repeat: int = 1


class Insert(Step, frozen=True, tag="insert"):
    stream: str
    html: str
    at: Literal["append", "prepend"] = "append"
    target: str = ""
    repeat: int = 1


class Delete(Step, frozen=True, tag="delete"):
    stream: str
    target: str = ""


class Prune(Step, frozen=True, tag="prune"):
    stream: str
    limit: int
    edge: Literal["top", "bottom"] = "top"
    target: str = ""


class Error(Step, frozen=True, tag="error"):
    stream: str
    error: str
    code: str = "app_error"


class Done(Step, frozen=True, tag="done"):
    stream: str


class StreamTo(Step, frozen=True, tag="stream_to"):
    stream: str


class PushState(Step, frozen=True, tag="push_state"):
    pass


class Set(Step, frozen=True, tag="set"):
    var: str
    value: str
    repeat: int = 1


class Sleep(Step, frozen=True, tag="sleep_ms"):
    ms: float


class Raise(Step, frozen=True, tag="raise"):
    message: str = ""


class Hang(Step, frozen=True, tag="hang"):
    pass


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
    branches: tuple[tuple[Simple, ...], ...]


class Finally(Step, frozen=True, tag="finally"):
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

    Raises msgspec.ValidationError, naming the step, where `value` is not a script.
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
