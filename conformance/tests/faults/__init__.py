"""Faulty servers: the reference server with one thing broken, each tied to the requirement it breaks.

A check is worth what it can catch. Every fault here is a few lines that patch the server in a
process of its own; the suite, which knows nothing of it, must fail exactly that requirement.
"""
