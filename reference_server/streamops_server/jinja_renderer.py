"""Renders views with Jinja2."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from streamops_server.interfaces.renderer import Template


class JinjaRenderer:
    """A `Renderer` with autoescaping. Compiled templates are shared by all sessions of the process."""

    def render(self, template: Template, context: Mapping[str, Any]) -> str:
        """The html. Raises what the template raises."""
        if template.name is not None:
            compiled = _environment(template.folder).get_template(template.name)
        else:
            compiled = _compile(template.source)
        return compiled.render(context)


@cache
def _environment(folder: Path | None) -> jinja2.Environment:
    loader = None if folder is None else jinja2.FileSystemLoader(folder)
    return jinja2.Environment(autoescape=True, loader=loader)


@cache
def _compile(source: str) -> jinja2.Template:
    return _environment(None).from_string(source)
