"""Reads traffic that the proxy recorded (`lines`) or a browser exported (`har`), and holds the findings."""
