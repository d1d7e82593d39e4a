"""A bad network between client and server: `faults` describes it, `link` is the core, `shell` the sockets."""
