"""tf.contrib.solvers: linear equations and least squares solved step by step, with matrices that only multiply."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
