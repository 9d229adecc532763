"""Data sets that TF1 programs read: their files, where these are looked for, and made-up ones for a machine offline."""
