"""tf.contrib.training: operations that train, and hyperparameters."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
