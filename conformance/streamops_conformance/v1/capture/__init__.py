"""Judges captured traffic of v1."""
