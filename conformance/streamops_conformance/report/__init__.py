"""The report of a run, for people (terminal) and for programs (JSON)."""
