"""The seams of the server, each a Protocol in a file of its own: transport, renderer, store, view backend.

The code that runs sessions knows only these. Nothing here imports an implementation.
"""
