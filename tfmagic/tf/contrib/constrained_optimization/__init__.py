"""tf.contrib.constrained_optimization: minimization under constraints."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
