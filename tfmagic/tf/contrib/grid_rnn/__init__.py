"""tf.contrib.grid_rnn: recurrent cells that run along several dimensions."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
