"""The ops of TensorArrays: shape rules, kernels that call on the array of the run, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.control_flow.array_state import (
    SCALAR_PARTS,
    SCALAR_ROWS,
    new_array,
    no_prefix,
    no_scalar,
    no_vector,
    rows_differ,
)
from tfmagic.ops.control_flow.contents import Held, rows
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.declare import register

# --- kernels: each is a call on the array of the run ------------------------------------------------------------------


def _known(value: Any) -> Any:
    """A number that is known while the plan is made is a plain one in it."""
    return int(value) if isinstance(value, torch.Tensor) and value.dim() == 0 else value


def _unsure(op: Any, dtype: DType) -> dict[str, str]:
    """The type of the elements for the run to compare with the array's, where the graph does not show its maker."""
    maker = op.op._inputs[0].op
    while maker.type in _HANDS_ON:
        maker = maker._inputs[0].op
    made = maker._attrs["dtype"] if maker.type in ("TensorArrayV3", "TensorArrayV2", "TensorArray") else None
    return {} if made is dtype else {"dtype": dtype.name}


def _new(op: Any, size: Any) -> tuple[Any, Any]:
    attrs, size = op.op._attrs, _known(size)
    array = op.call(new_array, size, op.tensor_array_name or op.op.name, op.dtype.name,
                    attrs["element_shape"]._dims, op.dynamic_size, op.clear_after_read,
                    attrs.get("identical_element_shapes", False))
    settled = size if type(size) is int and size >= 0 and not op.dynamic_size else None
    op.holds(array, lambda log: Held(log, op.op._outputs[0], settled))
    return array, _flow()


def _flow() -> Any:
    return torch.zeros((), dtype=torch.float32)


def _gradient(op: Any, array: Any, flow: Any, *prefix: Any) -> tuple[Any, Any]:
    gradient, held = array.gradient(op.source, *prefix), op.holds(array)
    if held is not None and not prefix:
        op.holds(gradient, lambda log: held.gradient(op.source))
    return gradient, flow


def _learn(op: Any, array: Any, element: Any) -> None:
    """Note what an operation puts into an array, as far as it is known."""
    held = op.holds(array)
    if held is not None:
        held.put(op.op, element)


def _element(op: Any, array: Any) -> Any:
    """A meta tensor that stands for every element of an array, or None."""
    held = op.holds(array)
    return None if held is None else held.element


def _write(op: Any, array: Any, index: Any, value: Any, flow: Any) -> Any:
    _learn(op, array, op.known(value))
    array.write(_known(index), value, **_unsure(op, op.T))
    return flow


def _read(op: Any, array: Any, index: Any, flow: Any) -> Any:
    return op.like(array.read(_known(index), **_unsure(op, op.dtype)), _element(op, array))


def _gather(op: Any, array: Any, indices: Any, flow: Any) -> Any:
    gathered = array.gather(indices, op.op._attrs["element_shape"]._dims, **_unsure(op, op.dtype))
    element, places = _element(op, array), op.known(indices)
    if element is None or not isinstance(places, torch.Tensor) or places.dim() != 1 or not len(places):
        return gathered
    return op.like(gathered, element.new_empty((len(places), *element.shape)))


def _scatter(op: Any, array: Any, indices: Any, value: Any, flow: Any) -> Any:
    _learn(op, array, rows(op.known(value)))
    array.scatter(indices, value, **_unsure(op, op.T))
    return flow


def _pack(op: Any, array: Any, flow: Any) -> Any:
    return array.gather_all(op.op._attrs["element_shape"]._dims, **_unsure(op, op.dtype))


def _unpack(op: Any, array: Any, value: Any, flow: Any) -> Any:
    array.scatter_all(value, **_unsure(op, op.T))
    return flow


def _concat(op: Any, array: Any, flow: Any) -> Any:
    return array.concat(op.op._attrs["element_shape_except0"]._dims, **_unsure(op, op.dtype))


def _split(op: Any, array: Any, value: Any, lengths: Any, flow: Any) -> Any:
    array.split(value, lengths, **_unsure(op, op.T))
    return flow


def _size(op: Any, array: Any, flow: Any) -> Any:
    held = op.holds(array)
    size = None if held is None else held.settled_size
    return array.count() if size is None else torch.tensor(size, dtype=torch.int32)


def _close(op: Any, array: Any) -> None:
    array.close()


# --- gradients --------------------------------------------------------------------------------------------------


def grad_source(name: str) -> str:
    """The scope of the `tf.gradients` call in which a node stands: it tells the arrays of several calls apart.

    Raises:
      ValueError: no part of the name starts with "gradients".
    """
    parts = name.split("/")
    places = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    if not places:
        raise ValueError("Expected op/tensor name to start with gradients (excluding scope), got: "
                         f"{name}. This means that a tf.gradients op with this op in its dependency path has a custom "
                         "name that does not start with 'gradients'. Please make sure all calls to tf.gradients that "
                         "have non-empty `name` arguments use names that start with 'gradients'.")
    return "/".join(parts[:places[-1] + 1])


def _grad_array(handle: Any, flow: Any, dtype: DType, source: Any) -> TensorArray:
    array = TensorArray(dtype, handle=handle, flow=flow, colocate_with_first_write_call=False)
    return array.grad(grad_source(source.name), flow=flow)


def _read_gradient(op: Any, grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, None, array.write(op.index, grad).flow]


def _write_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, None, _grad_array(op.handle, flow, op.T, flow).read(op.index), flow]


def _gather_gradient(op: Any, grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, None, array.scatter(op.indices, grad).flow]


def _scatter_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, None, _grad_array(op.handle, flow, op.T, flow).gather(op.indices), flow]


def _concat_gradient(op: Any, grad: Any, lengths_grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, array.split(grad, op.lengths).flow]


def _split_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, _grad_array(op.handle, flow, op.T, flow).concat(), None, flow]


# --- declarations -----------------------------------------------------------------------------------------------


_LEADS_TO_ARRAY = frozenset({"TensorArrayGradV3", "TensorArrayGradV2", "TensorArrayGrad", "Enter", "RefEnter", "Switch",
                             "RefSwitch", "Identity", "RefIdentity"})
_HANDS_ON = _LEADS_TO_ARRAY | {"TensorArrayGradWithShape"}


def _declared(handle: Any, otherwise: Dims = None) -> Dims:
    """The shape of elements that the nodes state which made an array; `otherwise` where they leave that open."""
    maker = handle.op
    while maker.type in _LEADS_TO_ARRAY:
        maker = maker._inputs[0].op
    if maker.type == "TensorArrayGradWithShape":
        prefix, element = maker._inputs[2]._dims, _declared(maker._inputs[0])
        return None if element is None or not prefix or prefix[0] is None else (None,) * prefix[0] + element
    if maker.type != "TensorArrayV3":
        return otherwise
    dims = maker._attrs["element_shape"]._dims
    stated = (dims is not None and None not in dims) or maker._attrs["identical_element_shapes"]
    return dims if stated else otherwise


def _shape_rule(result: Any, *ranks: int | None) -> Callable[..., Any]:
    """A shape rule: `result(op, *dims)` for a handle, and for other inputs of given ranks (None: any)."""

    def shape(op: Any, handle: Dims, *inputs: Dims) -> Any:
        (size,) = shape_rules.with_rank(handle, 1)
        if size is not None and size != 2:
            raise ValueError(f"Dimension must be 2 but is {size}")
        for dims, rank in zip(inputs, ranks):
            if rank is not None:
                shape_rules.with_rank(dims, rank)
        return result(op, handle, *inputs) if callable(result) else result

    return shape


def _no_rule(result: Any, *ranks: int | None) -> None:
    """TensorFlow has no shape rules for the oldest ops."""


def _created(op: Any, size: Dims) -> tuple[Dims, Dims]:
    shape_rules.with_rank(size, 0)
    return (2,), ()


def _one_written(op: Any, handle: Dims, index: Dims, value: Dims, flow: Dims) -> Dims:
    shape_rules.merge(_declared(op.op._inputs[0]), value)
    return ()


def _one_read(op: Any, handle: Dims, index: Dims, flow: Dims) -> Dims:
    return _declared(op.op._inputs[0])


def _gathered(op: Any, handle: Dims, indices: Dims, flow: Dims) -> Dims:
    dims = _declared(op.op._inputs[0], op.op._attrs["element_shape"]._dims)
    return None if dims is None else (shape_rules.with_rank(indices, 1)[0], *dims)


def _scattered(op: Any, handle: Dims, indices: Dims, value: Dims, flow: Dims) -> Dims:
    shape_rules.with_rank_at_least(value, 1)
    if value is not None:
        shape_rules.merge_dim(value[0], shape_rules.with_rank(indices, 1)[0])
        shape_rules.merge(_declared(op.op._inputs[0]), value[1:])
    return ()


def _takes_any(op: Any, *dims: Dims) -> str:
    return ""


def _scalar(what: str) -> Callable[..., str]:
    """The check of the input that comes after the handle, if any."""

    def check(op: Any, *dims: Dims) -> str:
        size = dims[0] if len(dims) == 1 else dims[1]
        return no_scalar(what, size) if size else ""

    return check


def _not_a_vector(op: Any, handle: Dims, indices: Dims, *others: Dims) -> str:
    if indices is None or len(indices) != 1:
        return f"Expected indices to be a vector, but received shape: {shapes.brackets(indices)}"
    return ""


def _refused_scatter(op: Any, handle: Dims, indices: Any, value: Any, flow: Dims) -> str:
    if not value:
        return SCALAR_ROWS
    if len(indices) == 1 and indices[0] != value[0]:
        return rows_differ(indices[0], value[0])
    return _not_a_vector(op, handle, indices)


def _refused_split(op: Any, handle: Dims, value: Any, lengths: Any, flow: Dims) -> str:
    if len(lengths) != 1:
        return no_vector("lengths", lengths)
    return "" if value else SCALAR_PARTS


def _refused_prefix(op: Any, handle: Dims, flow: Dims, prefix: Any) -> str:
    return "" if len(prefix) == 1 else no_prefix(prefix)


_ON_ARRAY: dict[str, Any] = {"objects": True, "effect": "writes", "repeats": True}
_GRADIENT_SHAPE = _shape_rule(((2,), ()))
register("TensorArrayV3", _created, _new, **_ON_ARRAY, check=_scalar("size"))
register("TensorArrayV2", lambda op, size: _created(op, size)[0], lambda op, size: _new(op, size)[0], **_ON_ARRAY,
         check=_scalar("size"))
register("TensorArray", None, lambda op, size: _new(op, size)[0], **_ON_ARRAY,
         check=_scalar("size"))
register("TensorArrayGradV3", _GRADIENT_SHAPE, _gradient, **_ON_ARRAY, check=_takes_any)
register("TensorArrayGradV2", _shape_rule((2,)), lambda op, array, flow: _gradient(op, array, flow)[0], **_ON_ARRAY,
         check=_takes_any)
register("TensorArrayGrad", None, lambda op, array, flow: _gradient(op, array, flow)[0], **_ON_ARRAY,
         check=_takes_any)
register("TensorArrayPack", None, _pack, **_ON_ARRAY, check=_takes_any)
register("TensorArrayUnpack", None, _unpack, **_ON_ARRAY, check=_takes_any)
register("TensorArrayGradWithShape", _GRADIENT_SHAPE, _gradient, **_ON_ARRAY, check=_refused_prefix)
for _version in ("", "V2", "V3"):
    _name = "TensorArray{}" + _version
    _is_new = _version == "V3"  # only these know the shape of the elements while the graph is built
    _rule = _shape_rule if _version else _no_rule
    register(_name.format("Write"), _rule(_one_written if _is_new else (), 0, None, 0), _write, _write_gradient,
             **_ON_ARRAY, check=_scalar("index"))
    register(_name.format("Read"), _rule(_one_read if _is_new else None, 0, 0), _read, _read_gradient,
             **_ON_ARRAY, check=_scalar("index"))
    register(_name.format("Gather"), _rule(_gathered if _is_new else None, 1, 0), _gather, _gather_gradient,
             **_ON_ARRAY, check=_not_a_vector)
    register(_name.format("Scatter"), _rule(_scattered if _is_new else (), 1, None, 0), _scatter,
             _scatter_gradient, **_ON_ARRAY, check=_refused_scatter)
    register(_name.format("Concat"), _rule((None, (None,)), 0), _concat, _concat_gradient, **_ON_ARRAY,
             check=_takes_any)
    register(_name.format("Split"), _rule((), None, 1, 0), _split, _split_gradient, **_ON_ARRAY,
             check=_refused_split)
    register(_name.format("Size"), _rule(()), _size, **_ON_ARRAY, check=_takes_any)
    register(_name.format("Close"), _rule(None), _close, **_ON_ARRAY, check=_takes_any)
