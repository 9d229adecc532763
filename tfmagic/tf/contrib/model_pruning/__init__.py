"""tf.contrib.model_pruning: weights that a mask sets to zero, the small ones first."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
