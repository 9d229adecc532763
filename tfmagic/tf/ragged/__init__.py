"""tf.ragged: tensors whose rows have different lengths."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
