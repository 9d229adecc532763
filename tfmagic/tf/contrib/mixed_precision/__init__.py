"""tf.contrib.mixed_precision: losses scaled up, so that gradients of small floats do not vanish."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
