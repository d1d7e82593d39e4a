"""Faults in events after a resume, in takeovers, and in whose session it is: chapter 11, from RES-7.

Patches, because these are not on the wire: replies that are kept, takeovers, and attempts.
"""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from streamops_server.core import resume
from streamops_server.core.frames import Hello, Reply
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.replies import Replies
from streamops_server.core.session import Session
from streamops_server.memory_store import MemoryStore
from streamops_server.session_runner import SessionRunner

from .table import FEW, fault, instead

Real = Callable[..., Any]


def _known(answers: Replies, ref: int) -> bool:
    return ref in answers._running or ref in answers._kept


def _runs_again(wanted: Callable[[Replies, int], bool]) -> None:
    @instead(Replies, "is_repeated")
    def is_repeated(real: Real, self: Replies, ref: int) -> bool:
        return not (ref <= self._before and wanted(self, ref)) and bool(real(self, ref))

    @instead(Replies, "end")
    def end(real: Real, self: Replies, reply: Reply, *, keep: bool) -> bool:
        return bool(real(self, reply, keep=keep)) if reply.ref in self._running else False


@fault("RES-7", examples=FEW)
def a_repeated_event_runs_again() -> None:
    _runs_again(_known)


@fault("RES-7", examples=FEW)
def a_repeated_event_is_never_answered() -> None:
    @instead(Replies, "repeat")
    def repeat(real: Real, self: Replies, ref: int) -> Reply | None:
        return real(self, ref) if not _known(self, ref) else None


@fault("RES-7", examples=FEW)
def no_reply_is_kept() -> None:
    @instead(Replies, "end")
    def end(real: Real, self: Replies, reply: Reply, *, keep: bool) -> bool:
        return bool(real(self, reply, keep=False))


@fault("RES-8", examples=FEW)
def an_old_ref_runs() -> None:
    _runs_again(lambda answers, ref: not _known(answers, ref))


@fault("RES-9", examples=FEW)
def a_takeover_leaves_the_old_connection_open() -> None:
    @instead(SessionRunner, "take_over")
    def take_over(real: Real, self: SessionRunner, connection: object, hello: Hello) -> bool:
        old = self._connection
        if old is not None and self.session.may_resume(hello, self._offered):
            old.receiver, self._connection = None, None
            self.session.lost(self._loop.time())
        return bool(real(self, connection, hello))


@fault("RES-20", examples=FEW)
def a_late_resume_takes_the_session() -> None:
    @instead(Session, "is_late")
    def is_late(real: Real, self: Session, hello: Hello) -> bool:
        return False


@fault("RES-20", examples=FEW)
def the_same_attempt_may_come_again() -> None:
    @instead(Session, "is_late")
    def is_late(real: Real, self: Session, hello: Hello) -> bool:
        return bool(real(self, hello)) and getattr(hello.resume, "attempt", 0) != self._attempt


@fault("RES-20", examples=FEW)
def a_late_resume_is_told_by_who_is_there() -> None:
    """A session without a connection is anybody's who comes, however late."""

    @instead(Session, "is_late")
    def is_late(real: Real, self: Session, hello: Hello) -> bool:
        return self.attached and bool(real(self, hello))


@fault("RES-20", examples=FEW)
def a_late_resume_ends_the_session() -> None:
    @instead(SessionRunner, "_greet")
    def greet(real: Real, self: SessionRunner, hello: Hello) -> None:
        known = None
        if hello.resume is not UNSET:
            known = self._store.find(hello.resume.session, self.principal)
        late = known is not None and known.is_late(hello)
        real(self, hello)
        if known is not None and late:
            known.end()


@fault("RES-10", examples=FEW)
def a_session_of_somebody_else_is_forbidden() -> None:
    @instead(SessionRunner, "_greet")
    def greet(real: Real, self: SessionRunner, hello: Hello) -> None:
        store = self._store
        assert isinstance(store, MemoryStore)
        if hello.resume is not UNSET and hello.resume.session in store._sessions:
            owner = store._sessions[hello.resume.session].principal
            if owner != self.principal:
                self.session.fail("forbidden", "This session is somebody else's")
                return
        real(self, hello)


@fault("RES-11", examples=FEW)
def other_capabilities_are_agreed_on_a_resume() -> None:
    @instead(resume, "is_valid")
    def is_valid(real: Real, hello: Hello, offered: frozenset[str], program: Program, *args: Any) -> bool:
        program.caps = frozenset(hello.caps) & offered
        return bool(real(hello, offered, program, *args))


@fault("RES-11", examples=FEW)
def smaller_frames_are_agreed_on_a_resume() -> None:
    @instead(resume, "is_valid")
    def is_valid(
        real: Real, hello: Hello, offered: object, program: Program, outbox: Outbox, *args: Any
    ) -> bool:
        outbox.max_frame_bytes = min(outbox.max_frame_bytes, hello.max_frame_bytes)
        return bool(real(hello, offered, program, outbox, *args))
