"""Python 2 programs, run as they are: translated in memory, with the division, printing and modules of Python 2."""
