"""What a client wants done: the core returns these, and somebody else does the I/O."""

from typing import Literal

from msgspec import Struct

Mode = Literal["append", "prepend", "replace"]


class Send(Struct, frozen=True):
    """Send this text message."""

    text: str


class Close(Struct, frozen=True):
    """Close the connection; what still arrives on it is not for the client."""

    code: int
    reason: str


class Retry(Struct, frozen=True):
    """Connect again after this many seconds."""

    delay: float


class Stop(Struct, frozen=True):
    """Do not come back: the server said so, or said nothing that allows it."""

    code: str
    message: str


class Text(Struct, frozen=True):
    """A stream's text changed; goes before its `stream:text`."""

    stream: str
    mode: Mode
    text: str


class Fired(Struct, frozen=True):
    """An event of chapter 13; `cursor` is the stream's at that moment."""

    event: str
    stream: str
    cursor: int
    reason: str | None = None
    ok: bool | None = None
    error: str | None = None
    code: str | None = None


class Replied(Struct, frozen=True):
    """The answer to an event of this client; `code` and `error` where it is no `ok`."""

    ref: int
    ok: bool
    code: str = ""
    error: str = ""


class Said(Struct, frozen=True):
    """An error of the session: a remark, or with `fatal` the reason of the close that follows."""

    code: str
    error: str
    fatal: bool


class Report(Struct, frozen=True):
    """Something was wrong."""

    kind: str
    message: str


Effect = Send | Close | Retry | Stop | Text | Fired | Replied | Said | Report
