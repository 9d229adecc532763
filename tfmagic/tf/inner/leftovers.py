"""Small functions of `tensorflow.python.ops` that were never public and have no module with others like them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.gradients import is_trainable
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.parsing import examples
from tfmagic.tf.variable.template import Template

# The dtypes that assertions on numbers take.
NUMERIC_TYPES = frozenset({
    dtypes.float32, dtypes.float64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.uint8,
    dtypes.qint8, dtypes.qint32, dtypes.quint8, dtypes.complex64})
# The types of operations that make variables.
VAR_OP_TYPES = ["VariableV2", "VarHandleOp"]


def build_ta_with_new_flow(old_ta: TensorArray, flow: Tensor) -> TensorArray:
    """The same `TensorArray` in the state that a flow stands for."""
    return old_ta._follow(flow)


def check_dtypes(value: Tensor, dtype: Any) -> None:
    """Refuse a value of another type than a `TensorArray` has.

    Raises:
      TypeError: it is.
    """
    if value.dtype != dtype:
        raise TypeError(f"Data type mismatch: expected {dtypes.as_dtype(dtype)}, found {value.dtype}")


def state_is_initialized(ref: Any, name: str | None = None) -> Tensor:
    """Whether a variable or a reference holds a value: a bool scalar."""
    if getattr(ref.dtype, "_is_ref_dtype", False):
        return raw.is_variable_initialized(ref, name=name)
    return ref.is_initialized(name=name)


def get_summary_op() -> Tensor | None:
    """What computes all summaries of the default graph, made once; None where there are none."""
    found = api.get_collection(GraphKeys.SUMMARY_OP)
    if found:
        return found[0]
    summaries = api.get_collection(GraphKeys.SUMMARIES)
    if not summaries:
        return None
    with api.name_scope("MergeSummary", values=summaries):
        merged = raw.merge_summary(summaries)
    api.add_to_collection(GraphKeys.SUMMARY_OP, merged)
    return merged


def reduce_join_reduction_dims(x: Any, axis: Any) -> Any:
    """The axes along which strings are joined: those given, or all, the last first."""
    if axis is not None:
        return axis
    if isinstance(x, Tensor) and x.shape.ndims is not None:
        return api.constant(list(range(x.shape.ndims))[::-1], dtypes.int32)
    return api.range(api.rank(x) - 1, -1, -1)


def make_template_internal(name_: str, func_: Any, create_scope_now_: bool = False, unique_name_: str | None = None,
                           custom_getter_: Any = None, create_graph_function_: bool = False, **kwargs: Any) -> Template:
    """`tf.make_template`, every argument said.

    Args:
      create_graph_function_: must be False.

    Raises:
      NotImplementedError: a function of the graph is asked for.
    """
    if create_graph_function_:
        raise NotImplementedError("a template calls its function anew each time; use tf.function for one of the graph")
    return api.make_template(name_, func_, create_scope_now_, unique_name_, custom_getter_, **kwargs)


def get_variable_by_name(var_name: str) -> Any:
    """The variable of the default graph with a name.

    Raises:
      ValueError: there is none, or there are several.
    """
    found = [v for v in api.get_collection(GraphKeys.GLOBAL_VARIABLES) if v.op.name == var_name]
    if not found:
        raise ValueError(f"Unsuccessful at finding variable {var_name}.")
    if len(found) > 1:
        raise ValueError(f"Unsuccessful at finding trainable variable {var_name}. Number of candidates: {len(found)}.")
    return found[0]


def get_dependent_variables(input_ops: Sequence[Tensor], output_ops: Sequence[Tensor]) -> list[Any]:
    """The variables on which outputs depend, on ways that do not lead through the inputs."""
    ends = {tensor.op for tensor in input_ops}
    seen: set[Operation] = set()
    waiting = [raw.identity(tensor).op for tensor in output_ops]
    found: list[Any] = []
    while waiting:
        op = waiting.pop(0)
        if op in seen or op in ends:
            continue
        seen.add(op)
        if op.type in VAR_OP_TYPES:
            found.append(get_variable_by_name(op.name))
        waiting.extend(tensor.op for tensor in op.inputs if tensor.dtype.base_dtype is dtypes.resource
                       or is_trainable(tensor))
    return found


def copy_handle_data(source_t: Tensor, target_t: Tensor) -> None:
    """Let a handle be known to lead to what another leads to."""
    target_t._handle_data = source_t._handle_data


# --- parsing_ops -----------------------------------------------------------------------------------------------------


def decode_csv_v2(records: Any, record_defaults: Sequence[Any], field_delim: str = ",", use_quote_delim: bool = True,
                  na_value: str = "", select_cols: Any = None, name: str | None = None) -> list[Tensor]:
    """`tf.io.decode_csv` of TensorFlow 2."""
    return examples.decode_csv(records, record_defaults, field_delim, use_quote_delim, name, na_value, select_cols)


def parse_example_v2(serialized: Any, features: Any, example_names: Any = None, name: str | None = None) -> Any:
    """`tf.io.parse_example` of TensorFlow 2."""
    return examples.parse_example(serialized, features, name, example_names)


def parse_single_example_v2_unoptimized(serialized: Any, features: Any, example_names: Any = None,
                                        name: str | None = None) -> Any:
    """`tf.io.parse_single_example` of TensorFlow 2."""
    return examples.parse_single_example(serialized, features, name, example_names)

