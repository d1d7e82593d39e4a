"""The mutations, as data: every value here can be written as JSON and read back (`dump`, `load`).

A mutation says where it acts (`Where`) and what it does there. What it needs to know of earlier frames
stands in registers: `Remember` and `Tally` write them, `Where.given` and `Register` read them. Mutations
are applied in their order, each to what the one before it lets through.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

Way = Literal["up", "down"]
"""From the client to the server, and back."""
Channel = Literal["wire", "control"]
"""The connection of a client and a server, or a testee's control connection (chapter 16 of v1)."""
Per = Literal["connection", "stream", "relay"]
"""What has a counter or a register of its own: each connection, each stream of one, or the whole relay."""
Relation = Literal["is", "is not", "in", "not in", "above", "below", "has", "begins", "matches", "type"]


class Expression(msgspec.Struct, frozen=True, tag=True):
    """A value that depends on the frame or on the registers."""


class Plus(Expression, frozen=True):
    """The number that stands there, and this one. What is not a number stays."""

    number: int


class Register(Expression, frozen=True):
    """What a register holds."""

    name: str
    per: Per = "connection"
    default: Any = None
    """Where nothing was written."""


class Its(Expression, frozen=True):
    """Another member of the same frame or item."""

    path: str


class Size(Expression, frozen=True):
    """The length of a member of the frame."""

    path: str


class Number(Expression, frozen=True):
    """How often the mutation's `where` has matched, this time included."""


class Text(Expression, frozen=True):
    """The text that stands there, changed by a function of `values.TEXTS`."""

    function: Literal["escape", "unescape", "trim", "upper"]


class Substitute(Expression, frozen=True):
    """The text that stands there, with each match of a regular expression replaced."""

    pattern: str
    by: str


Expressions = Plus | Register | Its | Size | Number | Text | Substitute


class Test(msgspec.Struct, frozen=True):
    """A member (`limits.window`, `streams.*.seq`) compared with a value. Of several members one has to fit.

    The empty path is the frame or item itself.

    `has` asks whether the member is there (`value` true or false), `type` for the name of its JSON type, `in`
    whether the value is one of a list or, where the member is a list or an object, whether all that it has is
    listed.
    """

    __test__ = False  # not a test of pytest, whatever its name begins with

    path: str
    relation: Relation = "is"
    value: Any = None
    to: Expressions | None = None
    """An expression instead of `value`."""
    per: Per = "connection"
    """In `Where.given`: whose register `path` names."""


class Where(msgspec.Struct, frozen=True):
    """Which frames, or which items of a list in them, a mutation acts on. All that is given has to fit."""

    way: Way = "down"
    type: tuple[str, ...] = ()
    """Types of frames; empty: all."""
    not_type: tuple[str, ...] = ()
    each: Literal["", "ops", "events", "reports", "alerts"] = ""
    """The list whose items are meant; empty: the frame itself."""
    kind: tuple[str, ...] = ()
    """Kinds of items: of operations, of events, of reports."""
    tests: tuple[Test, ...] = ()
    """Of the frame or item."""
    frame: tuple[Test, ...] = ()
    """Of the frame, where items are meant."""
    following: tuple[Test, ...] = ()
    """Of the item that stands `gap` places behind."""
    gap: int = 1
    between: tuple[Test, ...] = ()
    """Of each item that stands between the two."""
    given: tuple[Test, ...] = ()
    """Of registers: `path` is the register's name."""
    shape: Literal["object", "other", "binary"] = "object"
    """Frames are objects; the others are texts that are not the JSON of an object, and binary messages."""
    first: int = 1
    """The number of the first match that counts."""
    last: int | None = None
    per: Per = "connection"
    """Whose matches are counted."""
    channel: Channel = "wire"


class Edit(msgspec.Struct, frozen=True, tag=True):
    """A change of one frame or item."""


class Set(Edit, frozen=True):
    """A member becomes a value; one that is not there is added, unless its path has a `*`."""

    path: str
    value: Any = None
    to: Expressions | None = None
    leaving: tuple[Any, ...] = ()
    """Values that stay as they are."""


class Remove(Edit, frozen=True):
    """A member goes."""

    path: str


class Rename(Edit, frozen=True):
    """A member gets another name."""

    path: str
    name: str


class Add(Edit, frozen=True):
    """A list gets one more item at its end."""

    path: str
    value: Any = None


Edits = Set | Remove | Rename | Add


class Mutation(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Something that happens to what `where` selects."""

    where: Where


class Change(Mutation, frozen=True, kw_only=True):
    """Frames or items are edited."""

    edits: tuple[Edits, ...]


class Rewrite(Mutation, frozen=True, kw_only=True):
    """The JSON text of frames is edited: each match of a regular expression is replaced."""

    pattern: str
    by: str


class Drop(Mutation, frozen=True, kw_only=True):
    """Frames or items do not arrive."""


class Repeat(Mutation, frozen=True, kw_only=True):
    """Frames or items come twice in a row."""


class Insert(Mutation, frozen=True, kw_only=True):
    """A further frame or item comes before or after the selected one, in the same direction."""

    what: dict[str, Any]
    edits: tuple[Edits, ...] = ()
    """Applied to `what`; `Its` reads the selected frame or item."""
    place: Literal["before", "after"] = "after"


class Swap(Mutation, frozen=True, kw_only=True):
    """An item changes places with the one that `Where.following` speaks of."""


class Merge(Mutation, frozen=True, kw_only=True):
    """The selected item gets the text of the item that `Where.following` speaks of, which goes."""

    member: str


class Hold(Mutation, frozen=True, kw_only=True):
    """Frames wait until one of the same direction comes that `until` selects.

    They go before or after it, or are lost. Other frames pass them. After `seconds` they go by themselves.
    """

    until: Where
    place: Literal["before", "after", "lost"] = "after"
    unless: Where | None = None
    """Frames that let it go and come after it, unless `until` selects them."""
    seconds: float = 5.0


class Delay(Mutation, frozen=True, kw_only=True):
    """Frames come later, and all behind them in their direction; `alone`: the frames behind them pass."""

    seconds: float
    alone: bool = False


class Split(Mutation, frozen=True, kw_only=True):
    """A `stream` frame becomes one frame for each operation, if none of its operations was merged."""


class Answer(Mutation, frozen=True, kw_only=True):
    """The message goes no further: frames come back, and the connection is closed if there is a code."""

    frames: tuple[dict[str, Any], ...] = ()
    code: int | None = None
    reason: str = ""


class Remember(Mutation, frozen=True, kw_only=True):
    """A register gets the value of a member."""

    path: str
    name: str
    per: Per = "connection"
    once: bool = False
    """Only the first value is kept."""


class Tally(Mutation, frozen=True, kw_only=True):
    """A register that counts from 0 changes by a number, or by the number that a member has."""

    name: str
    by: int = 1
    path: str = ""
    per: Per = "connection"
    reset: bool = False
    """It becomes 0 instead, for every stream if it is per stream."""


class Reclose(msgspec.Struct, frozen=True, tag=True):
    """A close that is passed on in this direction has another code or reason."""

    way: Way = "down"
    codes: tuple[int, ...] = ()
    """Codes that are changed; empty: all."""
    reasons: tuple[str, ...] = ()
    """Reasons of closes that are changed; empty: all."""
    code: int | None = None
    reason: str | None = None


class Upgrade(msgspec.Struct, frozen=True, tag=True):
    """The upgrade of HTTP is another one."""

    without: tuple[str, ...] = ()
    """Headers of the client that do not reach the server, in small letters."""
    statuses: dict[int, int] = {}
    """A refusal's status → the status that the client gets."""
    subprotocol: Literal["agreed", "first", "none"] = "agreed"
    """What the client is told: what the server chose, the first of the client's offers, or nothing."""
    offer: Literal["offered", "none"] = "offered"
    """What the server is told."""
    compression: Literal["", "alone", "context"] = ""
    """permessage-deflate towards the client, without or with a context that goes from message to message."""


Mutations = (
    Change
    | Rewrite
    | Drop
    | Repeat
    | Insert
    | Swap
    | Merge
    | Hold
    | Delay
    | Split
    | Answer
    | Remember
    | Tally
    | Reclose
    | Upgrade
)


def dump(mutations: Iterable[Mutations]) -> list[dict[str, Any]]:
    """The mutations as JSON values."""
    found: list[dict[str, Any]] = msgspec.to_builtins(list(mutations))
    return found


def load(said: Any) -> tuple[Mutations, ...]:
    """The mutations that `dump` wrote. Raises msgspec.ValidationError for anything else."""
    return msgspec.convert(said, tuple[Mutations, ...], str_keys=True)
