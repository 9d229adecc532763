"""tf.contrib.layers: layers that make their own variables, regularizers, initializers, optimize_loss."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
