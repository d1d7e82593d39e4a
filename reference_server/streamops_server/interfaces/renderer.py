"""The seam to the template engine: `JinjaRenderer` is the default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Template(NamedTuple):
    """The template of a view: `name`, a file in `folder`, or `source` if there is no name."""

    source: str
    name: str | None
    folder: Path


class Renderer(Protocol):
    """Renders templates. One object serves all sessions of a server."""

    def render(self, template: Template, context: Mapping[str, Any]) -> str:
        """The html. Values are escaped. Raises what the template raises."""
