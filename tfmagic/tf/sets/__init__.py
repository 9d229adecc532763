"""tf.sets: sets in the last dimension of tensors."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
