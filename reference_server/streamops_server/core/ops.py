"""The operations of a stream as structs, in the shape that a `stream` frame carries (chapter 3)."""

from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType
from streamops_spec import load_protocol

NEEDS: dict[str, str] = {name: kind.needs for name, kind in load_protocol().ops.items()}
"""Operation → the capability that it needs; empty for none."""
TARGET_NEEDS = "html"
"""The capability that a target of the form #ID needs."""


class Op(msgspec.Struct, tag_field="op", gc=False):
    """One operation; `kind` is its name on the wire."""

    kind: ClassVar[str]
    target: str

    @property
    def key(self) -> str:
        """Its name in the coalescing rules: `text:append`, `replace`."""
        return self.kind


class Start(Op, tag="start", gc=False):
    """Opens a run."""

    kind: ClassVar[str] = "start"
    run: int


class Text(Op, tag="text", gc=False):
    """Literal text; `mode` is append, prepend or replace."""

    kind: ClassVar[str] = "text"
    text: str
    mode: str

    @property
    def key(self) -> str:
        """Its mode is part of its name in the coalescing rules."""
        return "text:" + self.mode


class Replace(Op, tag="replace", gc=False):
    """Replaces the target's content."""

    kind: ClassVar[str] = "replace"
    html: str


class Append(Op, tag="append", gc=False):
    """Html after the target's last child."""

    kind: ClassVar[str] = "append"
    html: str


class Prepend(Op, tag="prepend", gc=False):
    """Html before the target's first child."""

    kind: ClassVar[str] = "prepend"
    html: str


class Delete(Op, tag="delete", gc=False):
    """Removes the target."""

    kind: ClassVar[str] = "delete"


class Prune(Op, tag="prune", gc=False):
    """Removes element children from `edge` until at most `limit` stay."""

    kind: ClassVar[str] = "prune"
    limit: int
    edge: str


class Error(Op, tag="error", gc=False):
    """Shows an error; the content stays."""

    kind: ClassVar[str] = "error"
    error: str
    code: str
    retryable: bool | UnsetType = UNSET


class Done(Op, tag="done", gc=False):
    """Ends a run; `text_len` in Unicode scalars, `text_sha256` in hexadecimal (CNT-7)."""

    kind: ClassVar[str] = "done"
    reason: str
    text_len: int | UnsetType = UNSET
    text_sha256: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def encode(op: Op) -> bytes:
    """The operation as JSON. Raises UnicodeEncodeError for a lone surrogate."""
    return _encoder.encode(op)
