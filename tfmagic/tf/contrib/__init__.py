"""tf.contrib: built on public names alone; the package and each part of it are loaded on first use."""

from tfmagic.base import tf_logging as _tf_logging
from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)

_tf_logging.warning("\n".join((
    "",
    "The TensorFlow contrib module will not be included in TensorFlow 2.0.",
    "For more information, please see:",
    "  * https://github.com/tensorflow/community/blob/master/rfcs/20180907-contrib-sunset.md",
    "  * https://github.com/tensorflow/addons",
    "  * https://github.com/tensorflow/io (for I/O related ops)",
    "If you depend on functionality not listed there, please file an issue.",
    "")))
