"""tf.contrib.tensorboard.plugins: what TensorBoard's projector is told."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
