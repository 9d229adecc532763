"""tf.distributions: random quantities as objects that are sampled from and know their densities and moments."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
