"""tf.contrib.distributions: more distributions, and how to change one into another."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
