"""What the sessions of one server share."""

from __future__ import annotations

from typing import NamedTuple

from streamops_server.interfaces.renderer import Renderer
from streamops_server.interfaces.store import SessionStore
from streamops_server.interfaces.topics import Topics
from streamops_server.registry import Registry


class Services(NamedTuple):
    """The registry of views, and one implementation of each seam."""

    registry: Registry
    renderer: Renderer
    store: SessionStore
    topics: Topics
