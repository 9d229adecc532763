"""tf.contrib.crf: linear-chain conditional random fields."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
