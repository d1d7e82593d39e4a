"""Judges servers that speak v0."""
