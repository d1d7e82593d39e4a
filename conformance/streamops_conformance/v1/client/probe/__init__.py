"""What the probes of clients share."""
