"""tensorflow.tools.graph_transforms: rewriting frozen graphs by named transforms."""
