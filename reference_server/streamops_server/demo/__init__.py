"""What the server shows without views of its own: an echo that types; with --demo four scenes."""
