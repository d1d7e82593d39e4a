"""Whose fault it was is in the type: the program's, the peer's, or nobody's.

`ProgramError` is raised into the program that called; `PeerViolation` never reaches a
program, it ends the session; `Fenced` is a cancellation and no error of the application.
"""


class ProgramError(Exception):
    """A call that cannot be carried out; it added no operation. `code` is what a reply says."""

    code = "app_error"


class Unsupported(ProgramError):
    """The session did not agree on the capability that the call needs."""

    code = "unsupported"


class Overflow(ProgramError):
    """The content cannot fit the client's `max_frame_bytes`, or the session has no stream left."""

    code = "overflow"


class Fenced(Exception):
    """The caller's run was superseded, or its session is over: it is to stop.

    The layer above turns this into the cancellation of its own world.
    """


class PeerViolation(Exception):
    """The client broke the protocol; `code` is that of the fatal error and of the close."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
