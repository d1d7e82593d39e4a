"""What a client that comes back has missed, and how it gets that (chapter 11).

Rule 1: a cursor that the client cannot have fails the whole resume. It is never rounded to a valid one.
Rule 2: everything that the client missed of a stream is replayed, or nothing.
Rule 3: a view made before the resume tells nothing about a stream of which nothing is replayed (RES-5).
"""

from collections.abc import Callable, Collection

from msgspec import UNSET

from streamops_server.core.frames import Hello, Resumed, ResumeFrom
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream
from streamops_server.core.views import Views


def is_valid(hello: Hello, offered: Collection[str], program: Program, outbox: Outbox, views: Views) -> bool:
    """Whether the session can go on with that hello: same capabilities, no smaller frames, valid cursors.

    Source: RES-4, RES-11.
    """
    asked = hello.resume
    if asked is UNSET or frozenset(hello.caps) & frozenset(offered) != program.caps:
        return False
    if hello.max_frame_bytes < outbox.max_frame_bytes or version_of(asked) > views.version:
        return False
    streams = program.streams
    return all(
        cursor == 0 or (name in streams and streams[name].knows(cursor))
        for name, cursor in asked.cursors.items()
    )


def rewind(
    asked: ResumeFrom, program: Program, outbox: Outbox, fresh: Callable[[], Collection[str] | None]
) -> dict[str, Resumed]:
    """Re-queue what the client lacks; returns how each stream goes on (RES-2, RES-3, RES-5).

    `fresh` accepts a view of the current state and returns the streams of its map; None without a view.
    """
    outbox.seal()
    version = version_of(asked)
    view_is_lost = outbox.replay is not None and (version < outbox.replay.lost_view or outbox.has_many_views)
    whole: list[tuple[Stream, int]] = []
    lost: list[Stream] = []
    for name, stream in program.streams.items():
        cursor = asked.cursors.get(name, 0)
        up_to_date = cursor == stream.accepted and not stream.muted
        if up_to_date or (stream.has_whole(cursor) and not view_is_lost):
            whole.append((stream, cursor))
        else:
            lost.append(stream)
    outbox.rewind(whole, None if view_is_lost else version)
    for stream in lost:
        outbox.give_up(stream, muted=stream.owner is not None)
    outbox.unlist({stream.name for stream in lost})
    listed = fresh() if lost or view_is_lost else None
    if listed is None:
        listed = ()
    elif view_is_lost:
        outbox.only_last_view()
    hows = {stream.name: "view" if stream.name in listed else "gone" for stream in lost}
    resumed = {}
    for name, stream in program.streams.items():
        if stream.accepted:
            stream.mark(stream.accepted)
            resumed[name] = Resumed(hows.get(name, "replay"), stream.accepted)
    return resumed


def version_of(asked: ResumeFrom) -> int:
    """The version of the last view that the client has; 0 for none."""
    return 0 if asked.view is UNSET else asked.view
