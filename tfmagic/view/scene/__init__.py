"""Graph -> scene: what is to be drawn, as plain data."""
