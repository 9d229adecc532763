"""tf.graph_util: functions on graph definitions."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
