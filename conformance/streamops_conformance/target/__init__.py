"""The server under test: how to start it, when it is ready, what it declares."""
