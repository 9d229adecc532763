"""tf.nn: what neural networks are made of, where it takes several nodes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
