"""tf.sparse: sparse tensors."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
