"""Clients under test: starts them, hosts their connections, and asks what they show."""
