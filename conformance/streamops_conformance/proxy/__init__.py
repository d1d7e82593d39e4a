"""A bad network between client and server: `faults` says which, `link` is the core, `shell` the sockets."""
