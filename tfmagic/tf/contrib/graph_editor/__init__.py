"""tf.contrib.graph_editor: parts of a graph picked out, copied, and connected otherwise."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
