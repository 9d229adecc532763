"""tf.contrib.compiler: scopes of nodes that are compiled."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
