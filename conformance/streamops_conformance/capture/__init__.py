"""Traffic that was recorded: by the proxy (`lines`), or exported by a browser (`har`), and what it shows."""
