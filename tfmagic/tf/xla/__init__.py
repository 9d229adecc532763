"""tf.xla: marks of what TensorFlow would compile."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
