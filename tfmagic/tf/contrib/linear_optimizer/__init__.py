"""tf.contrib.linear_optimizer: linear models by stochastic dual coordinate ascent."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
