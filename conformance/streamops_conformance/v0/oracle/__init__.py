"""What a v0 program promises: its calls, and which prefix of them a document shows."""
