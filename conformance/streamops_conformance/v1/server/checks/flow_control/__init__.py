"""Chapter 9: flow control."""
