"""Runs cases and probes against an implementation, and gives a verdict on each requirement."""
