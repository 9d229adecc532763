"""tf.contrib.learn: what processors of data are fed with."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export


@export("contrib.learn.preprocessing.setup_processor_data_feeder")
@deprecated(None, "Please use tensorflow/transform or tf.data.")
def setup_processor_data_feeder(x: Any) -> Any:
    """What a processor goes through, which is what it is given.

    Args:
      x: an iterable.
    """
    return x
