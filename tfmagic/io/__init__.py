"""Files and protos: graph definitions in and out."""
