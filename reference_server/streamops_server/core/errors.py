"""The core's exceptions. The type says who caused it: the program, the client, or neither.

A `ProgramError` is raised into the program that called. A `PeerViolation` never reaches a
program: it ends the session. `Fenced` is a cancellation and not an error of the application.
"""


class ProgramError(Exception):
    """A call that cannot be carried out and added no operation. `code` is the code of the reply."""

    code = "app_error"


class Unsupported(ProgramError):
    """The call needs a capability that client and server did not agree on."""

    code = "unsupported"


class Overflow(ProgramError):
    """The content exceeds the client's `max_frame_bytes`, or the session has used all its streams."""

    code = "overflow"


class Fenced(Exception):
    """The caller has to stop: its run was superseded or stopped, or its session has ended.

    The layer above the core turns this into the cancellation of the caller's task.
    """


class OwnerEnded(RuntimeError):
    """The call came too late: the handler or task that would own the run has ended."""

    def __init__(self) -> None:
        super().__init__(
            "The handler that this call belongs to has ended, so nobody would end the stream; start a task"
            " that outlives its handler with self.start_task(), and wait for a thread with"
            " await self.run_blocking()"
        )


class PeerViolation(Exception):
    """The client broke the protocol. `code` is the code of the fatal error and of the close."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
