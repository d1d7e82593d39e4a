"""Judges clients that speak v1."""
