"""tf.data: data sets, their transformations, and iterators over them."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
