"""Control flow and gradients that are made of several nodes."""
