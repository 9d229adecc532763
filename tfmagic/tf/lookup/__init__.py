"""tf.lookup: tables of values by keys."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
