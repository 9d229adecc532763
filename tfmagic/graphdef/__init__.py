"""GraphDefs in and out, and what is done to them as protos."""
