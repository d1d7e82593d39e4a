"""The checks of clients of v0.

At most one requirement is blamed for a wrong document (`v0.client.judge`), so the order of the rules is free.
"""

from streamops_conformance.v0.client.checks import applying, content, errors, hooks, loading
from streamops_conformance.v0.client.checks.registry import CLIENT

__all__ = ["CLIENT", "applying", "content", "errors", "hooks", "loading"]
