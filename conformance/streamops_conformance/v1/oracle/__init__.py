"""What must appear: a script's numbered operations, the documents after every k, the legal merges."""
