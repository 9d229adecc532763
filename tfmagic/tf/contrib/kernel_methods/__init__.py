"""tf.contrib.kernel_methods: random features, and the loss of linear models of several classes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
