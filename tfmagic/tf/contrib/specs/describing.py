"""What a network is made of, as text: its operations, and how many parameters they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.specs.reading import create_net

SHORT_NAMES_SRC = ["BiasAdd", "biasadd", "Const", "_", "Conv2D", "conv", "MatMul", "dot", "Placeholder", "_",
                   "Sigmoid", "sig", "Variable", "var"]
SHORT_NAMES = dict(zip(SHORT_NAMES_SRC[::2], SHORT_NAMES_SRC[1::2]))
for _module in ("contrib.specs", "contrib.specs.summaries"):
    export(f"{_module}.SHORT_NAMES_SRC")(SHORT_NAMES_SRC)
    export(f"{_module}.SHORT_NAMES")(SHORT_NAMES)
_VARIABLES = ("Variable", "VariableV2")


def _op_and_shape(x: Any) -> tuple[Operation, list[int | None]]:
    tensor = x if isinstance(x, Tensor) else x.outputs[0]
    return tensor.op, tensor.get_shape().as_list()


@export("contrib.specs.tf_structure")
def tf_structure(x: Any, include_shapes: bool = False, finished: set[Operation] | None = None) -> str:
    """Short names of the operations that a tensor depends on, inputs first; "<>" where one was told already.

    Args:
      include_shapes: whether the shapes stand before the names.
      finished: the operations that were told.
    """
    finished = set() if finished is None else finished
    op, shape = _op_and_shape(x)
    if op in finished:
        return " <>"
    finished.add(op)
    result = "".join(tf_structure(each, include_shapes, finished) for each in op.inputs)
    if include_shapes:
        result += f" {shape}"
    return result if op.type == "Identity" else f"{result} {SHORT_NAMES.get(op.type, op.type.lower())}"


@export("contrib.specs.tf_print")
def tf_print(x: Any, depth: int = 0, finished: set[Operation] | None = None,
             printer: Callable[[str], Any] = print) -> None:
    """Print the operations that a tensor depends on, those that read others' values left out.

    Args:
      depth: how far to indent.
      finished: the operations that were printed.
      printer: what prints a line.
    """
    finished = set() if finished is None else finished
    op, shape = _op_and_shape(x)
    if op.type == "Identity":
        tf_print(op.inputs[0], depth, finished, printer)
        return
    name = f"<{op.name}>" if op in finished else op.name
    printer(f"{'  ' * depth}{name} {op.type} {shape}")
    if op not in finished:
        finished.add(op)
        for each in op.inputs:
            tf_print(each, depth + 1, finished, printer)


@export("contrib.specs.tf_num_params")
def tf_num_params(x: Any) -> int:
    """How many numbers the variables have that a tensor depends on."""
    op, _ = _op_and_shape(x)
    if op.type in _VARIABLES:
        return op.outputs[0].get_shape().num_elements() or 0
    return sum(tf_num_params(each) for each in op.inputs)


@export("contrib.specs.tf_left_split")
def tf_left_split(op: Operation) -> tuple[Any, list[Any]]:
    """The first input of an operation, None where it has none, and the others."""
    inputs = list(op.inputs)
    return (inputs[0], inputs[1:]) if inputs else (None, [])


@export("contrib.specs.tf_parameter_iter")
def tf_parameter_iter(x: Any) -> Iterator[tuple[str, int, list[int | None]]]:
    """From a tensor along first inputs: name, number of parameters of the other inputs, and shape."""
    while x is not None:
        op, shape = _op_and_shape(x)
        x, others = tf_left_split(op)
        yield op.name, sum(tf_num_params(each) for each in others), shape


def _combined(rows: Any) -> Iterator[tuple[str, int, list[int | None]]]:
    """Rows that follow each other in the same scope as one, with the shape of the first."""
    group: tuple[str, int, list[int | None]] | None = None
    for name, count, shape in rows:
        scope = name.partition("/")[0]
        if group is not None and group[0] == scope:
            group = scope, group[1] + count, group[2]
            continue
        if group is not None:
            yield group
        group = scope, count, shape
    if group is not None:
        yield group


@export("contrib.specs.tf_parameter_summary")
def tf_parameter_summary(x: Any, printer: Callable[[str], Any] = print, combine: bool = True) -> None:
    """Print how many parameters there are on the way to a tensor, the first operation first.

    Args:
      printer: what prints a line.
      combine: whether a scope is one line.
    """
    rows = tf_parameter_iter(x)
    for name, count, shape in reversed(list(_combined(rows) if combine else rows)):
        printer(f"{count:10d} {name:<20s} {shape}")


def _made(spec: str, inputs: Any, shape: Any, dtype: Any) -> Any:
    return create_net(spec, api.placeholder(dtype, shape) if inputs is None else inputs)


@export("contrib.specs.tf_spec_structure")
def tf_spec_structure(spec: str, inputs: Any = None, input_shape: Any = None, input_type: Any = dtypes.float32) -> str:
    """`tf_structure` of the network of a text, by default of a placeholder of some shape."""
    return tf_structure(_made(spec, inputs, input_shape, input_type)).strip()


@export("contrib.specs.tf_spec_summary")
def tf_spec_summary(spec: str, inputs: Any = None, input_shape: Any = None, input_type: Any = dtypes.float32) -> None:
    """`tf_parameter_summary` of the network of a text, by default of a placeholder of some shape."""
    tf_parameter_summary(_made(spec, inputs, input_shape, input_type))


@export("contrib.specs.tf_spec_print")
def tf_spec_print(spec: str, inputs: Any = None, input_shape: Any = None, input_type: Any = dtypes.float32) -> None:
    """`tf_print` of the network of a text, by default of a placeholder of some shape."""
    tf_print(_made(spec, inputs, input_shape, input_type))
