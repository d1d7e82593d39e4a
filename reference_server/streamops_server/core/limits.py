"""What a server allows and announces; one frozen value per server."""

import msgspec
from streamops_spec import load_protocol

_PROTOCOL = load_protocol().limits


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes are bytes of UTF-8, times are milliseconds."""

    max_frame_bytes: int = _PROTOCOL.min_frame_bytes_html
    """Largest inbound frame."""
    max_streams: int = 256
    """Names of streams used in one session."""
    max_text_bytes: int = _PROTOCOL.max_text_bytes
    """Longest text of one operation, merged or not."""
    max_fps: int = _PROTOCOL.default_max_fps
    max_events: int = 32
    """Unanswered events; one more gets `rate_limited`."""
    cancel_ms: int = 2000
    """How long a cancelled owner may take to end."""
    heartbeat_ms: int = 25_000
    """Silence after which the server pings; after twice that it closes."""
    hello_timeout_ms: int = _PROTOCOL.hello_timeout_ms
    max_pending_bytes: int = 256 * 1024
    """Pending bytes of a stream, and of the views, past which a producer waits."""
    resume_ttl_ms: int = 60_000
    """How long a session goes on without a connection."""
    replay_bytes: int = 1 << 20
    """What is kept for a client that comes back, and past which the producers of one that is away wait."""
    max_detached: int = 16
    """Sessions without a connection of one principal; the oldest goes first."""
    max_detached_anonymous: int = 1024
    """The same for all clients that nobody knows, together."""
    max_unread_frames: int = 1024
    """Frames that no order binds (pongs, refusals) and that a client leaves unread, past which it is
    a slow consumer, or with a further event a flood."""
