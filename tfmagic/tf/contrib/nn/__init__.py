"""tf.contrib.nn: dropout for self-normalizing nets, scaled softplus, losses over sampled classes."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
