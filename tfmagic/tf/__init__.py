"""The TensorFlow 1.15 API: `from tfmagic import tf`, or `import tensorflow as tf` in the tfmagic kernel."""

from tfmagic import ops as _ops  # noqa: F401  # every op's behaviour
from tfmagic.graph import export as _export
from tfmagic.session import session as _session  # noqa: F401  # tf.Session
from tfmagic.tf import framework as _framework  # noqa: F401
from tfmagic.tf import protos as _protos  # noqa: F401
from tfmagic.tf import random as _random  # noqa: F401
from tfmagic.tf.namespace import attach as _attach

__version__ = "1.15.2"

_export.export("version.VERSION", "VERSION")(__version__)
_export.export("version.GIT_VERSION")("v1.15.2-tfmagic")

__getattr__, __dir__ = _attach("")
