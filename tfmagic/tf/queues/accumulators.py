"""Accumulators: tensors that sum up gradients of several sources until there are enough of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api, raw


def _step(value: Any) -> Tensor:
    return api.cast(convert_to_tensor(value), dtypes.int64)


@export("ConditionalAccumulatorBase")
class ConditionalAccumulatorBase:
    """Sums up gradients; those of steps that are over are left out.

    Args:
      dtype: the type of the gradients.
      shape: their shape.
      accumulator_ref: the tensor of the accumulator.
    """

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Tensor):
        self._dtype = dtype
        self._shape = TensorShape(None) if shape is None else TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    @property
    def accumulator_ref(self) -> Tensor:
        """The tensor of the accumulator."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The name of its node."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The type of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """How many gradients there are, an int32 scalar."""
        return raw.resource_accumulator_num_accumulated(self._accumulator_ref,
                                                        name=name or f"{self._name}_NumAccumulated")

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """An operation that sets the present step."""
        return raw.resource_accumulator_set_global_step(self._accumulator_ref, _step(new_global_step), name=name)


@export("ConditionalAccumulator")
class ConditionalAccumulator(ConditionalAccumulatorBase):
    """An accumulator of gradients that are tensors.

    Args:
      dtype: the type of the gradients.
      shape: their shape.
      shared_name: a name under which several nodes mean one accumulator.
      name: the name of the node.
      reduction_type: "MEAN" or "SUM".
    """

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "conditional_accumulator", reduction_type: str = "MEAN"):
        super().__init__(dtype, shape, raw.resource_conditional_accumulator(
            dtype=dtype, shape=shape, shared_name=shared_name or "", name=name, reduction_type=reduction_type))

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless its step is over."""
        gradient = convert_to_tensor(grad, self._dtype)
        gradient.shape.assert_is_compatible_with(self._shape)
        return raw.resource_accumulator_apply_gradient(self._accumulator_ref, _step(local_step), gradient, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """The mean (or the sum) of at least so many gradients, when there are as many; the next step begins."""
        taken = raw.resource_accumulator_take_gradient(self._accumulator_ref, num_required, dtype=self._dtype,
                                                       name=name)
        taken.set_shape(self._shape)
        return taken


@export("sparse.SparseConditionalAccumulator")
class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """An accumulator of gradients that are `IndexedSlices`; see `ConditionalAccumulator`."""

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "sparse_conditional_accumulator", reduction_type: str = "MEAN"):
        super().__init__(dtype, shape, raw.sparse_conditional_accumulator(
            dtype=dtype, shape=shape, shared_name=shared_name or "", name=name, reduction_type=reduction_type))

    def apply_indexed_slices_grad(self, grad: IndexedSlices, local_step: Any = 0,
                                  name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless its step is over."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(self, grad_indices: Any, grad_values: Any, grad_shape: Any = None, local_step: Any = 0,
                   name: str | None = None) -> Operation:
        """An operation that adds a gradient given by its parts; see `apply_indexed_slices_grad`."""
        step = _step(local_step)
        return raw.sparse_accumulator_apply_gradient(
            self._accumulator_ref, local_step=step, gradient_indices=api.cast(grad_indices, dtypes.int64),
            gradient_values=grad_values,
            gradient_shape=api.cast([] if grad_shape is None else grad_shape, dtypes.int64),
            has_known_shape=grad_shape is not None, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Any:
        """The mean (or the sum) of at least so many gradients, when there are as many: (indices, values, shape)."""
        return raw.sparse_accumulator_take_gradient(self._accumulator_ref, num_required, dtype=self._dtype, name=name)

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> IndexedSlices:
        """What `take_grad` gives, as `IndexedSlices`."""
        taken = raw.sparse_accumulator_take_gradient(self._accumulator_ref, num_required, dtype=self._dtype, name=name)
        return IndexedSlices(indices=taken.indices, values=taken.values, dense_shape=taken.shape)

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """How many gradients there are, an int32 scalar."""
        return raw.accumulator_num_accumulated(self._accumulator_ref, name=name or f"{self._name}_NumAccumulated")

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """An operation that sets the present step."""
        return raw.accumulator_set_global_step(self._accumulator_ref, _step(new_global_step), name=name)
