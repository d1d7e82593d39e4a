"""Clients under test: starts them, hosts their connections, asks what they show. Knows no wire."""
