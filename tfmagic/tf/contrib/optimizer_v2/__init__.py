"""tf.contrib.optimizer_v2: the optimizers of tf.train whose settings and slots stand in a state of their own."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
