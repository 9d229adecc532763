"""tf.contrib.metrics: the metrics of old, with the predictions first, and maps of metrics."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
