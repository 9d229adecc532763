"""tf.contrib.losses: losses with weights, predictions first; they go to `GraphKeys.LOSSES`."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
