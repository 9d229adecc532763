"""Machine code made in the process, without a C compiler: what torch has no single call for, as one loop."""
