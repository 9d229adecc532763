"""tf.contrib.reduce_slice_ops: a module that TensorFlow 1.15 left without its op."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
