"""tf.contrib.copy_graph: operations and variables copied into another graph."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
