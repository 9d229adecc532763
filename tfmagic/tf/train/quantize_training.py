"""tf.train.do_quantize_training_on_graphdef: refused."""

from __future__ import annotations

from typing import Any, NoReturn

from tfmagic.base import errors
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export


@export("train.do_quantize_training_on_graphdef")
@deprecated(None, "GraphDef quantized training rewriter is deprecated in the long term")
def do_quantize_training_on_graphdef(input_graph: Any, num_bits: int) -> NoReturn:
    """Refuse to put quantization into a graph.

    Args:
      input_graph: a `GraphDef`.
      num_bits: how many bits weights and activations are to have.

    Raises:
      UnimplementedError: always.
    """
    raise errors.UnimplementedError(None, None, "tfmagic does not rewrite graphs for quantized training. "
                                                "tf.quantization.fake_quant_with_min_max_vars quantizes a tensor in "
                                                "training.")
