"""tf.contrib.slim: the layers of tf.contrib.layers, arg_scope, losses and operations that train, in one place."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
