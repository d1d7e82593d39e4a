"""The wire v0: servers and clients that stream as djust's guide describes."""
