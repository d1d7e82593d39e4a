"""Faulty servers: the reference server with one thing broken, each tied to the requirement that it breaks.

A check is worth what it can catch. The suite knows nothing of a fault and must fail exactly its requirement.

A fault of the wire is a mutation in the language of `streamops_conformance.mutate`. These are in
`wire_session.py` (chapters 1, 2, 14 and 15), `wire_content.py` (3 to 7 and 12) and `wire_flow.py` (8 to 11).
What no change of a message shows, such as when a server sends and what it counts, is a patch of the server.
These are in a file for each subject. To find all faults of one requirement, search this folder for its id.
"""
