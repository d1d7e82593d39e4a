"""What must appear: a script's operation log, the documents after every k, the legal merges.

Shares no code with any server. Arithmetic and state only: no clock, no socket, no random.
"""
