"""`schemas/v1/protocol.json` as typed data: vocabulary, lifecycle tables, codes, limits."""

from functools import cache
from typing import Literal

import msgspec

from streamops_spec.data import data_root

State = Literal["idle", "open", "errored"]
"""The states of a stream."""
Side = Literal["client", "server"]
"""Who sends a frame."""


class OpTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation that a call puts on the wire; `op` is `start`, `content`, `error` or `done`."""

    op: str
    reason: str = ""
    code: str = ""


CallRow = dict[State, tuple[OpTemplate, ...]]
"""The operations that a call puts on the wire, by the state in which it finds the stream."""


class Lifecycle(msgspec.Struct, frozen=True):
    """The lifecycle tables of chapter 4.

    `wire` has the state after an operation, None for a transition that never happens;
    `calls` has one row for each call of the API and each way in which an owner ends.
    """

    wire: dict[State, dict[str, State | None]]
    calls: dict[str, CallRow]


class FrameKind(msgspec.Struct, frozen=True):
    """The sides that send a frame, and the capability that it needs; empty for none."""

    from_: tuple[Side, ...] = msgspec.field(name="from")
    needs: str = ""


class OpKind(msgspec.Struct, frozen=True):
    """Whether an operation is lifecycle or content, and the capability that it needs; empty for none."""

    kind: Literal["lifecycle", "content"]
    needs: str = ""


class CloseCode(msgspec.Struct, frozen=True):
    """The close code of an error code; `also` are WebSocket's own codes of the same meaning."""

    close: int
    retryable: bool
    also: tuple[int, ...] = ()


class CloseRange(msgspec.Struct, frozen=True):
    """Whether a client reconnects after a code from `first` to `last` that `close_codes` does not list."""

    first: int
    last: int
    retryable: bool
    meaning: str


class ClientClose(msgspec.Struct, frozen=True):
    """A reason for which a client closes: the code that it uses, and whether it reconnects (chapter 13)."""

    when: str
    close: int
    reconnects: bool


class BackOff(msgspec.Struct, frozen=True):
    """The bound of the random wait before a reconnect, in milliseconds (CLI-26)."""

    first_ms: int
    factor: int
    """By how much each attempt multiplies the bound."""
    longest_ms: int
    stable_ms: int
    """How long after its welcome a connection has to last until the bound is `first_ms` again."""


class BadInput(msgspec.Struct, frozen=True):
    """A kind of invalid, unknown or late input, what its receiver does, and the requirement that says so.

    `broken`: a server sends a fatal error and closes, a client reports and closes with 4400.
    `refused`: this input alone fails. `ignored`: it has no effect.
    """

    input: str
    answer: Literal["broken", "refused", "ignored"]
    rule: str


class CoalescingRule(msgspec.Struct, frozen=True):
    """How an operation of `first` merges with a following one of `second` (chapter 6).

    `value` names what the result carries: `first+second`, `second+first`, `second` or `none`.
    """

    id: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    result: str
    value: str


class Coalescing(msgspec.Struct, frozen=True):
    """The merge rules, and the operations across which nothing merges."""

    barriers: tuple[str, ...]
    rules: tuple[CoalescingRule, ...]


class Limits(msgspec.Struct, frozen=True):
    """Bounds of the protocol: milliseconds, bytes of UTF-8, frames per second."""

    hello_timeout_ms: int
    min_frame_bytes: int
    min_frame_bytes_html: int
    max_text_bytes: int
    default_max_fps: int
    ping_t_bytes: int
    max_safe_integer: int
    kept_cursors: int


class Patterns(msgspec.Struct, frozen=True):
    """Regular expressions over whole strings, from `^` to `$`."""

    stream: str
    code: str
    application_code: str
    target_default: str
    target_id: str


class Protocol(msgspec.Struct, frozen=True):
    """The whole of `protocol.json`, and what follows from it."""

    version: str
    subprotocol: str
    capabilities: dict[str, str]
    frames: dict[str, FrameKind]
    ops: dict[str, OpKind]
    text_modes: tuple[str, ...]
    prune_edges: tuple[str, ...]
    done_reasons: tuple[str, ...]
    states: tuple[State, ...]
    lifecycle: Lifecycle
    codes: dict[str, str]
    application_code_prefix: str
    close_codes: dict[str, CloseCode]
    close_ranges: tuple[CloseRange, ...]
    client_closes: tuple[ClientClose, ...]
    back_off: BackOff
    bad_input: dict[Side, tuple[BadInput, ...]]
    unknown_values: dict[str, str | None]
    """What a client uses for an unknown value, by member; None: as if the member were absent (FWD-4)."""
    default_target: str
    """The form of a default target; `default_target(stream)` fills it in."""
    coalescing: Coalescing
    limits: Limits
    patterns: Patterns

    def frames_from(self, side: Side) -> tuple[str, ...]:
        """The types of the frames that `side` sends."""
        return tuple(name for name, frame in self.frames.items() if side in frame.from_)

    @property
    def lifecycle_ops(self) -> tuple[str, ...]:
        """The operations that change a stream's state alone: `start`, `error`, `done`."""
        return tuple(name for name, op in self.ops.items() if op.kind == "lifecycle")

    @property
    def content_ops(self) -> tuple[str, ...]:
        """The operations that change what a stream shows."""
        return tuple(name for name, op in self.ops.items() if op.kind == "content")

    def wire_column(self, op: str) -> str:
        """The column of `lifecycle.wire` for an operation. Raises KeyError for an unknown one."""
        return op if self.ops[op].kind == "lifecycle" else "content"

    def error_code(self, close: int) -> str | None:
        """The error code that closes with `close`; None for a number that `close_codes` does not list."""
        for code, row in self.close_codes.items():
            if close == row.close or close in row.also:
                return code
        return None

    def is_retryable(self, close: int) -> bool:
        """Whether a client tries again after this close code, if no frame says otherwise (chapter 7)."""
        code = self.error_code(close)
        if code is not None:
            return self.close_codes[code].retryable
        return any(row.retryable for row in self.close_ranges if row.first <= close <= row.last)


@cache
def load_protocol() -> Protocol:
    """Read `v1/protocol.json`, and check it against its types.

    Raises msgspec.ValidationError for a file that does not match them.
    """
    return msgspec.json.decode((data_root() / "v1" / "protocol.json").read_bytes(), type=Protocol)


def default_target(stream: str) -> str:
    """The target of the stream's own element (CNT-4)."""
    return load_protocol().default_target.replace("{stream}", stream)
