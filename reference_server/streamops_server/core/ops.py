"""The operations as data: what a stream's log holds and a `stream` frame carries (chapter 3)."""

import re
from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType
from streamops_spec import load_protocol

_PATTERNS = load_protocol().patterns
_NAME = re.compile(_PATTERNS.stream)
_TARGET = re.compile(f"{_PATTERNS.target_default}|{_PATTERNS.target_id}")
_OWN_CODE = re.compile(_PATTERNS.application_code)

NEEDS: dict[str, str] = {name: kind.needs for name, kind in load_protocol().ops.items()}
"""The capability that each operation needs; empty for the core."""


TARGET_NEEDS = "html"
"""The capability that a target of the form #ID needs."""


class Op(msgspec.Struct, tag_field="op", gc=False):
    """One operation. `kind` is its name on the wire, `key` its name in the coalescing rules."""

    kind: ClassVar[str]
    target: str

    @property
    def key(self) -> str:
        return self.kind


class Start(Op, tag="start", gc=False):
    kind: ClassVar[str] = "start"
    run: int


class Text(Op, tag="text", gc=False):
    kind: ClassVar[str] = "text"
    text: str
    mode: str

    @property
    def key(self) -> str:
        return "text:" + self.mode


class Replace(Op, tag="replace", gc=False):
    kind: ClassVar[str] = "replace"
    html: str


class Append(Op, tag="append", gc=False):
    kind: ClassVar[str] = "append"
    html: str


class Prepend(Op, tag="prepend", gc=False):
    kind: ClassVar[str] = "prepend"
    html: str


class Delete(Op, tag="delete", gc=False):
    kind: ClassVar[str] = "delete"


class Prune(Op, tag="prune", gc=False):
    kind: ClassVar[str] = "prune"
    limit: int
    edge: str


class Error(Op, tag="error", gc=False):
    kind: ClassVar[str] = "error"
    error: str
    code: str
    retryable: bool | UnsetType = UNSET


class Done(Op, tag="done", gc=False):
    kind: ClassVar[str] = "done"
    reason: str
    text_len: int | UnsetType = UNSET
    text_sha256: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def encode(op: Op) -> bytes:
    """The operation as JSON; raises UnicodeEncodeError for a lone surrogate."""
    return _encoder.encode(op)


def default_target(name: str) -> str:
    return f"[dj-stream='{name}']"


def check_name(name: str) -> None:
    """Raises ValueError unless `name` may name a stream (LIM-8)."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no stream name; a name matches {_PATTERNS.stream}")


def check_target(target: str) -> None:
    """Raises ValueError unless `target` is a default target or an id (CNT-4)."""
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} is no target; a target is [dj-stream='NAME'] or #ID")


def check_code(code: str) -> None:
    """Raises ValueError unless `code` is of the closed core set or an application's own, `x_…` (ERR-9)."""
    if code not in load_protocol().codes and not _OWN_CODE.fullmatch(code):
        raise ValueError(
            f"{code!r} is no error code; use one of the core set or x_ followed by a-z, 0-9 and _"
        )
