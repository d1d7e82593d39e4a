"""What the probes of servers share: sessions, scripts, controls."""
