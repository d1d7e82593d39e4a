"""Draws scripts of v1, for servers and for clients."""
