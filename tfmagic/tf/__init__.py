"""The TensorFlow 1.15 API: `from tfmagic import tf`, or `import tensorflow as tf` in the tfmagic kernel.

Importing it imports none of its parts: a public name is looked up in the table of names when it is first used, and the
module that defines it is imported then (`namespace`).
"""

import typing as _typing

from tfmagic.tf import namespace as _namespace
from tfmagic.tf import pickling as _pickling

__version__ = "1.15.2"

if _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> _typing.Any: ...


_namespace.publish(__name__)
_pickling.install()
