"""Connections to an implementation: they write down both sides with milliseconds."""
