"""`schemas/v1/protocol.json` as typed data: vocabulary, lifecycle tables, codes, limits."""

from functools import cache
from typing import Literal

import msgspec

from streamops_spec.data import data_root

State = Literal["idle", "open", "errored"]


class OpTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a call puts on the wire; `op` is `start`, `content`, `error` or `done`."""

    op: str
    reason: str = ""
    code: str = ""


CallRow = dict[State, tuple[OpTemplate, ...]]


class Lifecycle(msgspec.Struct, frozen=True):
    wire: dict[State, dict[str, State | None]]
    calls: dict[str, CallRow]


class FrameKind(msgspec.Struct, frozen=True):
    from_: tuple[str, ...] = msgspec.field(name="from")
    needs: str = ""


class OpKind(msgspec.Struct, frozen=True):
    kind: Literal["lifecycle", "content"]
    needs: str = ""


class CloseCode(msgspec.Struct, frozen=True):
    close: int
    retryable: bool
    also: tuple[int, ...] = ()


class CoalescingRule(msgspec.Struct, frozen=True):
    id: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    result: str
    value: str


class Coalescing(msgspec.Struct, frozen=True):
    barriers: tuple[str, ...]
    rules: tuple[CoalescingRule, ...]


class Limits(msgspec.Struct, frozen=True):
    hello_timeout_ms: int
    min_frame_bytes: int
    min_frame_bytes_html: int
    max_text_bytes: int
    default_max_fps: int
    ping_t_bytes: int
    max_safe_integer: int


class Patterns(msgspec.Struct, frozen=True):
    stream: str
    code: str
    application_code: str
    target_default: str
    target_id: str


class Protocol(msgspec.Struct, frozen=True):
    """The whole of `protocol.json`."""

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
    coalescing: Coalescing
    limits: Limits
    patterns: Patterns


@cache
def load_protocol() -> Protocol:
    """`v1/protocol.json`, checked against its types.

    Raises msgspec.ValidationError where the file has not that shape.
    """
    return msgspec.json.decode((data_root() / "v1" / "protocol.json").read_bytes(), type=Protocol)
