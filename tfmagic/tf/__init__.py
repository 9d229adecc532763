"""The TensorFlow 1.15 API: `from tfmagic import tf`, or `import tensorflow as tf` in the tfmagic kernel.

Importing it imports none of its parts: a public name is looked up in the table of names when it is first used, and the
module that defines it is imported then (`namespace`).
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from tfmagic.tf import namespace as _namespace
from tfmagic.tf import pickling as _pickling

__version__ = "1.15.2"

_namespace.publish(__name__)
_pickling.install()

if _TYPE_CHECKING:
    def __getattr__(name: str) -> _Any: ...
