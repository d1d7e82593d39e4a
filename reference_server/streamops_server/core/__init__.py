"""The protocol without I/O: no event loop, socket, clock or chance in here.

Time is an argument in seconds, what is to be sent is returned as data.
"""
