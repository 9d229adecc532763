"""tf.nn's averages of losses over a batch."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api


@export("nn.compute_average_loss")
def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Tensor:
    """The sum of losses by the number of examples.

    Args:
      per_example_loss: [batch, ...].
      sample_weight: a weight for each example.
      global_batch_size: the number of examples; None: as many as there are losses.

    Raises:
      ValueError: the losses are a scalar.
    """
    loss = convert_to_tensor(per_example_loss)
    if loss.get_shape().ndims == 0:
        raise ValueError("Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1, "
                         f"received: {loss}")
    checks = [] if loss.get_shape().ndims else [api.debugging.assert_greater_equal(
        api.rank(loss), api.cast(1, "int32"), message="Invalid value passed for `per_example_loss`. Expected a tensor "
                                                      "with at least rank 1.")]
    with api.control_dependencies(checks):
        dtype = loss.dtype
        if sample_weight is not None:
            loss = api.multiply(loss, api.cast(sample_weight, dtype), name="Mul")
        if global_batch_size is None:
            global_batch_size = api.cast(api.shape(loss)[0] * 1, dtype)
        return api.reduce_sum(loss) / global_batch_size


@export("nn.scale_regularization_loss")
def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The sum of regularization losses, by the number of replicas, which is 1 without a distribution strategy."""
    return api.reduce_sum(regularization_loss) / 1
