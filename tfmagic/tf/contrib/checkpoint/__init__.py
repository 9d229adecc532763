"""tf.contrib.checkpoint: objects that are saved with what they hold."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
