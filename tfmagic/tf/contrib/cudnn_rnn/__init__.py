"""tf.contrib.cudnn_rnn: cells with the weights of cuDNN's nets."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
