"""tf.contrib.data: transformations of datasets under their older names."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
