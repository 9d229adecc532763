"""tf.random: random tensors, seeded and stateless."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
