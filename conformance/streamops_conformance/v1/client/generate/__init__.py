"""Draws message sequences for clients."""
