"""Sessions that initialise, save, log, watch over and end a training by themselves, and the hooks that do so."""
