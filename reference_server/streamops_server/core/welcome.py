"""The answer to `hello`: what a session agreed on, and the bounds that the server keeps (chapter 1)."""

from streamops_server.core.frames import ServerLimits, Welcome
from streamops_server.core.limits import Limits


def make_welcome(session: str, caps: frozenset[str], limits: Limits) -> Welcome:
    """The welcome of the session with that id; the members of `resume` only if `caps` has it."""
    announced = ServerLimits(
        limits.max_frame_bytes, limits.max_streams, limits.max_text_bytes,
        limits.max_fps, limits.max_events, limits.cancel_ms,
    )  # fmt: skip
    welcome = Welcome(session, sorted(caps), announced, limits.heartbeat_ms)
    if "resume" in caps:
        announced.replay_bytes = limits.replay_bytes
        welcome.resume_ttl_ms = limits.resume_ttl_ms
    return welcome
