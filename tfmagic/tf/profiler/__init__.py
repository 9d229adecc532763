"""tf.profiler: what the nodes of a graph cost, by their definitions and by the runs that were traced."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
