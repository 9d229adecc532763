"""tf.contrib.sparsemax: probabilities of which most are 0."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
