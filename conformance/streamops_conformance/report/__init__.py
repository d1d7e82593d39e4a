"""An outcome for people (terminal) and for programs (JSON)."""
