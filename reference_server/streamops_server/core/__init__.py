"""The protocol without I/O: no event loop, socket, clock or random number.

Time is an argument in seconds; what to send is returned as data.
"""
