"""tf.contrib.factorization: clusters, and matrices as products of smaller ones."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
