"""tf.contrib.util: protos of tensors, and the ops that a graph uses."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
