"""tf.losses: losses over elements with weights, and their collection."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
