"""tf.contrib.feature_column: columns of sequences under their older names, and the layer that takes them."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
