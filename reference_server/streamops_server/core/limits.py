"""The bounds that a server keeps, and announces to its clients."""

import msgspec
from streamops_spec import load_protocol

_PROTOCOL = load_protocol().limits


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """One value for a whole server. Bytes are bytes of UTF-8; names with `_ms` are milliseconds."""

    max_frame_bytes: int = _PROTOCOL.min_frame_bytes_html
    """Largest inbound frame."""
    max_streams: int = 256
    """Most stream names that one session uses."""
    max_text_bytes: int = _PROTOCOL.max_text_bytes
    """Longest text of one operation, merged or not."""
    max_fps: int = _PROTOCOL.default_max_fps
    """Most frames of a stream in a second."""
    max_events: int = 32
    """Most unanswered events of a session; one more gets `rate_limited`."""
    cancel_ms: int = 2000
    """How long a cancelled owner may take to end."""
    heartbeat_ms: int = 25_000
    """Silence after which the server pings; after twice that time it closes."""
    hello_timeout_ms: int = _PROTOCOL.hello_timeout_ms
    """How long a connection may take to send its `hello`."""
    max_pending_bytes: int = 256 * 1024
    """Bound of a stream's pending bytes, and of the views' bytes, at which producers wait."""
    resume_ttl_ms: int = 60_000
    """How long a session continues without a connection."""
    replay_bytes: int = 1 << 20
    """Bytes kept for a client that comes back. While it is away, producers wait at this bound."""
    max_detached: int = 16
    """Most sessions of one principal without a connection; one more ends the oldest."""
    max_detached_anonymous: int = 1024
    """The same for all anonymous clients together."""
    max_unread_frames: int = 1024
    """Most control frames (pongs, refusals) that a client leaves unread. One more closes the session:
    as `rate_limited` if an event causes it, else as `slow_consumer`."""
    max_inbox: int = 1024
    """Most messages of topics that wait for one view; one more ends its session with `overflow`."""
