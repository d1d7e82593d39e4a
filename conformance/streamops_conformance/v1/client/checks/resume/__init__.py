"""Chapter 11: resume."""
