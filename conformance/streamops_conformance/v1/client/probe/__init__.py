"""What the probes of v1 clients share."""
