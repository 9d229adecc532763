"""tf.train: optimizers, the global step, learning rates and moving averages."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
