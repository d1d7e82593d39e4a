"""Judges servers that speak v1."""
