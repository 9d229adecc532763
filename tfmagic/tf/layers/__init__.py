"""tf.layers: layers as classes and functions."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
