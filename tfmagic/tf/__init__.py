"""The TensorFlow 1.15 API: `from tfmagic import tf`, or `import tensorflow as tf` in the tfmagic kernel.

Every module of this package exports public names, and is imported here; names are then found by the one table of
public names (`namespace`). Packages that are large and seldom used load on first use instead.
"""

import importlib
import pkgutil

from tfmagic import ops as _ops  # noqa: F401  # every op's behaviour
from tfmagic.base import export as _export
from tfmagic.session import session as _session  # noqa: F401  # tf.Session
from tfmagic.tf.namespace import LOADED_ON_FIRST_USE as _LOADED_ON_FIRST_USE
from tfmagic.tf.namespace import attach as _attach

__version__ = "1.15.2"
newaxis = None

_export.export("version.VERSION", "VERSION")(__version__)
_export.export("version.GIT_VERSION")("v1.15.2-tfmagic")

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    if _module.name.split(".")[2] not in _LOADED_ON_FIRST_USE:
        importlib.import_module(_module.name)

__getattr__, __dir__ = _attach("")
