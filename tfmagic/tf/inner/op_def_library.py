"""`framework.op_def_library`: nodes of ops by the names of their definitions, and the ops of TensorFlow's own tests."""

from __future__ import annotations

from typing import Any

from tfmagic.base.dtypes import as_dtype
from tfmagic.graph import opdefs
from tfmagic.ops.call import caller


class OpDefLibrary:
    """Ops that `apply_op` makes nodes of: those that were added, whose definitions TensorFlow 1.15 must have."""

    def __init__(self) -> None:
        self._ops: set[str] = set()

    def add_op(self, op_def: Any) -> None:
        """Add an op.

        Args:
          op_def: an `OpDef` proto.

        Raises:
          TypeError: it is none.
          ValueError: it has no name.
        """
        if type(op_def).__name__ != "OpDef":
            raise TypeError(f"{op_def} is {type(op_def)} instead of op_def_pb2.OpDef")
        if not op_def.name:
            raise ValueError(f"{op_def} missing name.")
        self._ops.add(op_def.name)

    def add_op_list(self, op_list: Any) -> None:
        """Add the ops of an `OpList` proto.

        Raises:
          TypeError: it is none.
        """
        if type(op_list).__name__ != "OpList":
            raise TypeError(f"{op_list} is {type(op_list)} instead of op_def_pb2.OpList")
        for op_def in op_list.op:
            self.add_op(op_def)

    def apply_op(self, op_type_name: str, name: str | None = None, **keywords: Any) -> Any:
        """A node of an op in the default graph.

        Args:
          op_type_name: the op's name.
          name: the node's name; by default the op's.
          keywords: inputs and attrs by the names that the op's definition gives them.

        Returns:
          The outputs in the form in which the op's function gives them, or the operation where it has none.

        Raises:
          RuntimeError: the op was not added.
          TypeError, ValueError: an input or attr is missing, or the op does not take it.
        """
        definition = opdefs.get(op_type_name) if op_type_name in self._ops else None
        if definition is None:
            raise RuntimeError(f"Unrecognized Op name {op_type_name}")
        rest = dict(keywords)

        def taken(argument: str) -> Any:
            for key in (argument, argument + "_"):  # `input_` stands for an `input` that is a word of Python
                if key in rest:
                    return rest.pop(key)
            raise TypeError(f"No argument for input {argument}")

        values = tuple([taken(arg.name) for arg in definition.inputs])
        call = caller(op_type_name)
        given = []
        for attr in call.attrs:
            if attr.name not in rest:
                raise TypeError("No argument for attr " + attr.name)
            value = rest.pop(attr.name)
            if attr.type.startswith("list(") and not isinstance(value, list | tuple) and not (
                    value is None and attr.has_default):
                raise TypeError("Expected list for attr " + attr.name)
            given.append(value)
        if rest:
            raise TypeError("apply_op() got unexpected keyword arguments: " + ", ".join(sorted(rest)))
        try:
            return call(values, tuple(given), name)
        except (TypeError, ValueError) as error:  # TensorFlow's functions say their own name, this library the op's
            said = str(error).replace(f"'{opdefs.python_name(op_type_name)}' Op", f"'{op_type_name}' Op")
            error.args = (said.removesuffix(".") if said.startswith("Error converting") else said,)
            raise


class _Of115(OpDefLibrary):
    """A library that has everything."""

    def apply_op(self, op_type_name: str, name: str | None = None, **keywords: Any) -> Any:
        self._ops.add(op_type_name)
        return super().apply_op(op_type_name, name, **keywords)


def satisfies_type_constraint(dtype: Any, attr_def: Any, param_name: str) -> None:
    """Refuse a type that an attr does not allow.

    Args:
      dtype: a `tf.DType`.
      attr_def: the `AttrDef` proto.
      param_name: the parameter that has the type, for the message.

    Raises:
      TypeError: it is not allowed.
    """
    allowed = list(attr_def.allowed_values.list.type) if attr_def.HasField("allowed_values") else None
    if allowed is not None and dtype.as_datatype_enum not in allowed:
        names = ", ".join(as_dtype(kind).name for kind in allowed)
        raise TypeError(f"Value passed to parameter '{param_name}' has DataType {dtype.name} not in list of allowed "
                        f"values: {names}")


everything = _Of115()
