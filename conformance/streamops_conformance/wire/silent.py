"""The other side did not answer."""

PATIENCE = 8.0
"""Seconds without any frame but pings after which a wait is given up; never the measure of a pass."""


class Silent(Exception):
    """The other side sent nothing for too long, or closed, while the suite waited for something."""
