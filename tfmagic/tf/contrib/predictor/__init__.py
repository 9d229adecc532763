"""tf.contrib.predictor: a saved model as a function of arrays."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
