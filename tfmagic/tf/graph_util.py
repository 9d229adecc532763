"""tf.graph_util and tf.import_graph_def: graph definitions in and out."""

from tfmagic.io import graph_io, graph_util, importer  # noqa: F401  # modules that export
from tfmagic.tf.namespace import attach

__getattr__, __dir__ = attach("graph_util")
