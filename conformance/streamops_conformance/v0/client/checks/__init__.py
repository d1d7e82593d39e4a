"""The checks of clients of v0.

At most one requirement is to blame for a wrong document (`judge.client_v0`), so the order is the chapter's.
"""

from streamops_conformance.v0.client.checks import applying, content, errors, hooks, loading
from streamops_conformance.v0.client.checks.registry import CLIENT

__all__ = ["CLIENT", "applying", "content", "errors", "hooks", "loading"]
