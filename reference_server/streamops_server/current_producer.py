"""The producer whose code runs now."""

from contextvars import ContextVar

from streamops_server.core.producers import Producer

CURRENT: ContextVar[Producer] = ContextVar("streamops_producer")


def current_producer() -> Producer:
    """The handler, mount or task that runs now. Raises RuntimeError outside of these."""
    try:
        return CURRENT.get()
    except LookupError:
        raise RuntimeError(
            "Streaming calls are made by handlers and by tasks that they start with self.start_task()."
            " Code in a thread needs the context of its handler: start it with self.run_blocking,"
            " self.from_thread or asyncio.to_thread, or give it a function that self.thread_callback made"
        ) from None
