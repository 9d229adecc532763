"""tf.compat: text as bytes and back, and TensorFlow 1's own names as `tf.compat.v1`."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
