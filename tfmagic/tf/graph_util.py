"""tf.graph_util, tf.import_graph_def, tf.gfile: graph definitions and files."""

from tfmagic.formats import gfile  # noqa: F401  # modules that export
from tfmagic.graphdef import graph_io, graph_util, importer  # noqa: F401  # modules that export
from tfmagic.tf.namespace import attach

__getattr__, __dir__ = attach("graph_util")
