"""tf.autograph: Python's control flow as a graph's (if, while, for, and, or, not on tensors)."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
