"""Draws scripts and hostile messages for servers."""
