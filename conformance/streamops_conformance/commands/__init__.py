"""The commands of `streamops`, one module each."""
