"""tf.linalg: products, decompositions and functions of matrices."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
