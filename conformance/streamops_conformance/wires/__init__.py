"""The wires that the suite knows, and what each of them brings."""
