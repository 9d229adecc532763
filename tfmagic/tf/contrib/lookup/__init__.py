"""tf.contrib.lookup: tables of words and ids in one call."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
