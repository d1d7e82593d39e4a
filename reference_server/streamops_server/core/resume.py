"""What a client that comes back has missed, and how it gets there (chapter 11).

Rule 1: a cursor that the client cannot have fails the whole resume, it is never taken for one near it.
Rule 2: all that was missed of a stream is sent, or none.
"""

from collections.abc import Callable, Collection

from msgspec import UNSET

from streamops_server.core.frames import Hello, Resumed, ResumeFrom
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.queue import Queue
from streamops_server.core.views import Views


def is_valid(hello: Hello, offered: Collection[str], program: Program, outbox: Outbox, views: Views) -> bool:
    """Whether the session can go on as that hello says: same capabilities, no smaller frames, real cursors.

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
    """Put back what the client has not; how each stream goes on (RES-2, RES-3, RES-5).

    `fresh` accepts a view as things are now and returns the streams of its map, or None: there is no view.
    """
    outbox.seal()
    version = version_of(asked)
    view_is_lost = outbox.replay is not None and (version < outbox.replay.lost_view or outbox.has_many_views)
    whole: list[tuple[Queue, int]] = []
    lost: list[Queue] = []
    for name, queue in program.streams.items():
        cursor = asked.cursors.get(name, 0)
        up_to_date = cursor == queue.accepted and not queue.muted
        if up_to_date or (queue.has_whole(cursor) and not view_is_lost):
            whole.append((queue, cursor))
        else:
            lost.append(queue)
    outbox.rewind(whole, None if view_is_lost else version)
    for queue in lost:
        outbox.give_up(queue, muted=queue.owner is not None)
    outbox.unlist({queue.name for queue in lost})
    said = fresh() if lost or view_is_lost else None
    if said is None:
        said = ()
    elif view_is_lost:
        outbox.only_last_view()
    hows = {queue.name: "view" if queue.name in said else "gone" for queue in lost}
    resumed = {}
    for name, queue in program.streams.items():
        if queue.accepted:
            queue.mark(queue.accepted)
            resumed[name] = Resumed(hows.get(name, "replay"), queue.accepted)
    return resumed


def version_of(asked: ResumeFrom) -> int:
    """The last view that the client has; 0 for none."""
    return 0 if asked.view is UNSET else asked.view
