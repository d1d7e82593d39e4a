"""Talking to a target: connections that write down both sides with milliseconds."""
