"""Mutations of what goes over the wire: a correct server or client becomes a faulty one, whoever wrote it.

`language` is the mutations as data, `values` reads and changes one frame, `mutator` is the core that applies
mutations to one connection without I/O, `relay` is the WebSocket relay around it.
"""
