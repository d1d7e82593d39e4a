"""The views that come with the server: an echo, the default, and the four scenes of --demo."""
