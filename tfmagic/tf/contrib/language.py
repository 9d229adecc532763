"""Names that modules of tf.contrib have without meaning them: features of Python's future, kinds of memory layout."""

from __future__ import annotations
import __future__

from typing import Any

from tfmagic.base.export import export

_WITH_FUTURE = ("autograph", "compiler", "grid_rnn", "reduce_slice_ops", "slim", "solvers", "specs", "staging",
                "summary", "tensorboard", "testing")

_made: Any
for _module in _WITH_FUTURE:
    for _feature in ("absolute_import", "division", "print_function"):
        _made = export(f"contrib.{_module}.{_feature}")(getattr(__future__, _feature))
for _module, _formats in (("layers", ("NCDHW", "NCHW", "NDHWC", "NHWC")), ("normalization", ("NCHW", "NHWC"))):
    for _format in _formats:
        _made = export(f"contrib.slim.{_module}.DATA_FORMAT_{_format}")(_format)
