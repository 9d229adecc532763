"""Variables: both kinds, the scopes that name and share them, their initialisation, slices and updates."""
