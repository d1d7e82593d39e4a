"""The connection that mounts a view, as the view's `mount` sees it."""

from collections.abc import Mapping

import msgspec


class Request(msgspec.Struct, frozen=True):
    """Path and headers (lower-case names) of a connection's upgrade, and whose connection it is.

    Without an `Origin` there is no `cookie` among the headers. `principal` is what the server's
    `authenticate` returned; "" for an anonymous client.
    """

    path: str
    headers: Mapping[str, str]
    session: str
    """The id of the session."""
    principal: str = ""
    client: str = ""
    """The client's address, as a trusted proxy says it, else the address that connected."""
