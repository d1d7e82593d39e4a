"""What a client wants done: the core returns effects, and the shell does the I/O."""

from typing import Literal

from msgspec import Struct

Mode = Literal["append", "prepend", "replace"]


class Send(Struct, frozen=True):
    """Send this text message."""

    text: str


class Close(Struct, frozen=True):
    """Close the connection; ignore what still arrives on it."""

    code: int
    reason: str


class Retry(Struct, frozen=True):
    """Connect again after this many seconds."""

    delay: float


class Stop(Struct, frozen=True):
    """Do not reconnect: the server said so, or its close code does not allow it."""

    code: str
    message: str


class Text(Struct, frozen=True):
    """The text of a stream changed; it comes before its `stream:text`."""

    stream: str
    mode: Mode
    text: str


class Html(Struct, frozen=True):
    """HTML came to a stream; `target` is an #ID, or empty for the stream's own element."""

    stream: str
    mode: Mode
    html: str
    target: str = ""


class Removed(Struct, frozen=True):
    """An element was removed (`delete`), or the children beyond `limit` from `edge` (`prune`)."""

    stream: str
    op: str
    target: str = ""
    limit: int | None = None
    edge: str | None = None


class Viewed(Struct, frozen=True):
    """The whole view, rendered by the server."""

    version: int
    html: str


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
    """The reply to an event of this client; `code` and `error` where it is not `ok`."""

    ref: int
    ok: bool
    code: str = ""
    error: str = ""


class Said(Struct, frozen=True):
    """An error of the session; with `fatal`, the reason for the close that follows."""

    code: str
    error: str
    fatal: bool


class Report(Struct, frozen=True):
    """Something that the server sent was wrong."""

    kind: str
    message: str


Effect = Send | Close | Retry | Stop | Text | Html | Removed | Viewed | Fired | Replied | Said | Report
