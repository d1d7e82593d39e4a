"""Judges clients that speak v0."""
