"""tf.debugging: operations and checks that fail unless tensors are what they should be."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
