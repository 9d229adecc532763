"""What a session keeps between runs: one file per kind of resource."""
