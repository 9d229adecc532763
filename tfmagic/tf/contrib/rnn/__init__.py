"""tf.contrib.rnn: more cells and wrappers, cells as one op, stacks of bidirectional nets."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
