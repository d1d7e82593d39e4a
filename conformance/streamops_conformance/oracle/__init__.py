"""Scripts, and the document that a client must show.

The oracle shares no code with any server. It is arithmetic and state: no clock, no socket, no random.
"""
