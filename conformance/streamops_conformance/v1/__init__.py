"""The wire v1."""
