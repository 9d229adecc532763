"""Op functions from op definitions: convert the inputs, infer and check the attrs, make the node."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import keyword
import re
from collections.abc import Callable
from keyword import iskeyword
from numbers import Real
from typing import Any

import numpy as np

from tfmagic.base import dispatch, shapes, tensor_values
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.graph import context, op_words, opdefs, registry
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import ArgDef, AttrDef, OpDef, python_name
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import OWN_VERSIONS, Func, plain_attr
from tfmagic.graph.registry import arg_count, grouped
from tfmagic.graph.scopes import graph_of
from tfmagic.graph.sparse_tensor import SparseTensor

_OF_WRONG_KIND = re.compile(r"Expected \w+ for argument '|Error converting \w+ to a TensorShape|"
                            r"Don't know how to convert ")


class _Input:
    """One input of an op, with what a call needs to know looked up beforehand."""

    __slots__ = ("name", "dtype", "type_attr", "number_attr", "type_list_attr", "is_ref", "is_list", "allowed",
                 "default", "attr", "minimum")

    def __init__(self, arg: ArgDef, attrs: dict[str, AttrDef]):
        self.name = arg.name
        self.dtype = arg.dtype
        self.type_attr = arg.type_attr
        self.number_attr = arg.number_attr
        self.type_list_attr = arg.type_list_attr
        self.is_ref = arg.is_ref
        self.is_list = arg.is_list
        attr = attrs.get(arg.type_attr or arg.type_list_attr or "")
        self.attr = attr
        self.allowed = None if attr is None or attr.allowed is None else frozenset(id(t) for t in attr.allowed)
        self.default = attr.default if attr is not None and attr.has_default else None
        counted = attrs.get(arg.number_attr or arg.type_list_attr or "")
        self.minimum = counted.minimum if counted is not None else None


class OpCaller:
    """Makes nodes of one op type.

    Args of a call are in the order of the op's definition; attrs in the order of `attrs`.
    """

    __slots__ = ("op_def", "inputs", "attrs", "coercers", "simple", "takes_refs", "lists",
                 "_result")

    def __init__(self, op_def: OpDef):
        self.op_def = op_def
        self.inputs = [_Input(arg, op_def.attrs) for arg in op_def.inputs]
        self.attrs = [attr for attr in op_def.attrs.values() if attr.name not in op_def.inferred]
        self.coercers = [(attr.name, _coercer(attr), attr) for attr in self.attrs]
        self.simple = not op_def.takes_lists
        self.takes_refs = any(i.is_ref for i in self.inputs)
        self.lists = (*((place, arg.python_name) for place, arg in enumerate(op_def.inputs) if arg.number_attr),
                      *((len(op_def.inputs) + place, attr.python_name) for place, attr in enumerate(self.attrs)
                        if attr.type.startswith("list(")))
        self._result = _result_maker(op_def)

    def __call__(self, values: tuple[Any, ...], attr_values: tuple[Any, ...], name: str | None) -> Any:
        try:
            return self._result(self.node(values, attr_values, name))
        except (TypeError, ValueError) as error:
            answer = self._who_answers(values, error)
            if answer is None:
                raise
            failure = error
        result = answer(values, attr_values, name)  # TensorFlow too tries the whole first, which takes the name
        if result is dispatch.NOT_SUPPORTED:
            raise failure
        return result

    def _who_answers(self, values: tuple[Any, ...], error: Exception) -> Callable[..., Any] | None:
        """Who answers a failed call for values that are no tensors: sparse ones, and other kinds (`base.dispatch`)."""
        if isinstance(error, TypeError) and len(values) == 1 and isinstance(values[0], SparseTensor) \
                and self._takes_sparse():
            return self._of_sparse
        kind = dispatch.who_answers(values, {}) if self.op_def.name in dispatch.OPS else None
        if kind is None:
            return None

        def again(*args: Any, name: str | None = None) -> Any:
            return self(args[:len(values)], args[len(values):], name)

        return lambda values, attr_values, name: kind(self.op_def.name, again, (*values, *attr_values), {"name": name})

    def _of_sparse(self, values: tuple[Any, ...], attr_values: tuple[Any, ...], name: str | None) -> SparseTensor:
        sparse = values[0]
        return SparseTensor(sparse.indices, self((sparse.values,), attr_values, name), sparse.dense_shape)

    def _takes_sparse(self) -> bool:
        declaration = registry.lookup(self.op_def.name)
        return declaration is not None and declaration.sparse

    def node(self, values: tuple[Any, ...], attr_values: tuple[Any, ...], name: str | None) -> Operation:
        """Make the node and give the operation itself.

        Raises:
          NotImplementedError: only old graphs may hold the op.
          TypeError: an input cannot be converted, or has a dtype that the op does not take.
          ValueError: the shape rule refuses the inputs, or an attr's value is not allowed.
        """
        op_def = self.op_def
        graph: Graph | None = None
        all_tensors = self.simple
        for value in values:
            if type(value) is Tensor:
                if graph is None:
                    graph = value.op.graph  # type: ignore[assignment]  # OwnGraph names what others may ask of it
            else:
                all_tensors = False
        default = context.get_default_graph()
        if graph is None:
            graph = default
            if values:
                flat = [item for v in values for item in (v if isinstance(v, (list, tuple)) else (v,))]
                graph = graph_of(flat) or default
        elif default.building_function:  # it captures what is of another graph
            graph = default
        if op_def.deprecation is not None:
            _refuse_deprecated(op_def, (graph._versions or OWN_VERSIONS).producer)
        if self.lists:
            self._check_lists(values, attr_values)
        attrs: dict[str, Any] = {}
        failure: Exception | None = None
        try:
            for (attr_name, coerce, attr), value in zip(self.coercers, attr_values):
                if value is None and attr.type != "shape":
                    if attr.has_default:
                        value = attr.default
                    elif attr.type == "type":
                        raise TypeError(f"Expected DataType for argument '{attr.python_name}' not None.")
                attrs[attr_name] = value if coerce is None else coerce(value, op_def.name)
        except (TypeError, ValueError) as error:
            failure = self._of_wrong_kind(attr_values, error)
            if failure is not None:
                raise failure from None
            failure = error
        if name is None:
            scope = graph.unique_name(op_def.name)
        elif name[-1:] == "/":
            scope = name[:-1]
        else:
            graph.check_scope_name(name)
            scope = graph.unique_name(name)
        if failure is not None:
            self._convert_in(graph, default, scope, values, {})  # what is wrong with the inputs is said first
            raise failure
        if all_tensors:
            self._infer(values, attrs)
            if self.takes_refs:
                return self._beside_variables(graph, scope, values, attrs)
            return graph.make(op_def, scope, values, attrs)
        flat_inputs = self._convert_in(graph, default, scope, values, attrs)
        if self.takes_refs:
            return self._beside_variables(graph, scope, tuple(flat_inputs), attrs)
        return graph.make(op_def, scope, tuple(flat_inputs), attrs)

    def _of_wrong_kind(self, attr_values: tuple[Any, ...], error: Exception) -> Exception | None:
        """The first complaint about an attr's kind: TensorFlow's functions see to it before they take a name."""
        for (_, coerce, attr), value in zip(self.coercers, attr_values):
            try:
                if coerce is not None and (value is not None or not attr.has_default):
                    coerce(value, self.op_def.name)
            except (TypeError, ValueError) as failure:
                error = failure
            if _OF_WRONG_KIND.match(str(error)):
                return error
        return None

    def _convert_in(self, graph: Graph, default: Graph, scope: str, values: tuple[Any, ...],
                    attrs: dict[str, Any]) -> list[Tensor]:
        """The inputs as tensors of a graph, in the scope of the node."""
        stacks = graph._stacks
        old = stacks.names
        stacks.names = scope
        if graph is not default:
            context.push_graph(graph)
        try:
            return self._convert(values, attrs)
        finally:
            stacks.names = old
            if graph is not default:
                context.pop_graph(graph)

    def _beside_variables(self, graph: Graph, scope: str, tensors: tuple[Tensor, ...],
                          attrs: dict[str, Any]) -> Operation:
        """Make a node that takes references: it shares the device of the variables."""
        refs = []
        for arg, group in zip(self.inputs, grouped(self.op_def.inputs, attrs, tensors)):
            if arg.is_ref:
                refs.extend(group[:1] if isinstance(group, list) else [group])  # of a list, that of the first
        with contextlib.ExitStack() as stack:
            for ref in refs:
                stack.enter_context(graph.colocate_with(ref.op))
            return graph.make(self.op_def, scope, tensors, attrs)

    def _infer(self, values: tuple[Any, ...], attrs: dict[str, Any]) -> None:
        """Infer the type attrs from inputs that are tensors all."""
        for arg, value in zip(self.inputs, values):
            dtype = value._dtype
            if dtype._is_ref_dtype:
                dtype = dtype.base_dtype
            elif arg.is_ref:
                self._refuse_non_ref(arg, value)
            type_attr = arg.type_attr
            if type_attr is None:
                if dtype is not arg.dtype:
                    self._wrong_fixed_type(arg, value)
            else:
                known = attrs.get(type_attr)
                if known is None:
                    if arg.allowed is not None and id(dtype) not in arg.allowed:
                        self._refuse_type(arg, dtype)
                    attrs[type_attr] = dtype
                elif known is not dtype:
                    self._mismatch(arg, dtype, known)

    def _convert(self, values: tuple[Any, ...], attrs: dict[str, Any]) -> list[Tensor]:
        flat: list[Tensor] = []
        lengths: dict[str, int] = {}
        for arg, value in zip(self.inputs, values):
            if arg.number_attr is not None and isinstance(value, (list, tuple)):
                known = lengths.setdefault(arg.number_attr, len(value))
                if known != len(value):
                    raise self._length_error(arg, value, known)
        for arg, value in zip(self.inputs, values):
            if arg.number_attr is not None:
                flat.extend(self._convert_list(arg, value, attrs))
            elif arg.type_list_attr is not None:
                flat.extend(self._convert_mixed_list(arg, value, attrs))
            else:
                flat.append(self._convert_one(arg, value, attrs))
        return flat

    def _convert_one(self, arg: _Input, value: Any, attrs: dict[str, Any]) -> Tensor:
        wanted = arg.dtype if arg.type_attr is None else attrs.get(arg.type_attr)
        if type(value) is Tensor:
            tensor = value
        else:
            if value is None:
                raise ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: None values not "
                                 "supported.")
            tensor = self._to_tensor(arg, value, wanted, arg.default if wanted is None else None)
        dtype = tensor._dtype.base_dtype
        if arg.is_ref and not tensor._dtype._is_ref_dtype:
            self._refuse_non_ref(arg, tensor)
        if arg.type_attr is None:
            if dtype is not arg.dtype:
                self._wrong_fixed_type(arg, tensor)
        elif wanted is None:
            if arg.allowed is not None and id(dtype) not in arg.allowed:
                self._refuse_type(arg, dtype)
            attrs[arg.type_attr] = dtype
        elif dtype is not wanted:
            self._mismatch(arg, dtype, wanted)
        return tensor

    def _to_tensor(self, arg: _Input, value: Any, wanted: DType | None, preferred: DType | None) -> Tensor:
        try:
            return to_tensor(value, wanted, arg.name, arg.is_ref, preferred)
        except TypeError as error:
            if wanted is None:
                raise
            raise TypeError(f"Expected {wanted.name} passed to parameter '{arg.name}' of op '{self.op_def.name}', got "
                            f"{value!r} of type '{type(value).__name__}' instead. Error: {error}") from None
        except ValueError as error:
            if wanted is not None:
                raise self._conversion_error(arg, value, wanted, error) from None
            raise ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: {error}") from None

    def _conversion_error(self, arg: _Input, value: Any, wanted: DType, error: Exception) -> Exception:
        """The message of a failed conversion: which type the value has, and where the wanted type comes from."""
        try:
            given = getattr(value, "dtype", None)
            observed = as_dtype(tensor_values.to_array(value).dtype if given is None else given).base_dtype
        except (TypeError, ValueError):
            return ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: {error}")
        prefix = f"Input '{arg.name}' of '{self.op_def.name}' Op has type {observed.name} that does not match"
        if observed is wanted:
            return type(error)(str(error))
        if arg.type_attr is None:
            return TypeError(f"{prefix} expected type of {wanted.name}.")
        return TypeError(f"{prefix} type {wanted.name} of argument '{self._origin(arg)}'.")

    def _convert_list(self, arg: _Input, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for '{arg.name}' argument to '{self.op_def.name}' Op, not {value}.")
        known = attrs.get(arg.number_attr or "")
        if known is not None and known != len(value):
            raise self._length_error(arg, value, known)
        if arg.minimum is not None and len(value) < arg.minimum:
            raise ValueError(f"List argument '{arg.name}' to '{self.op_def.name}' Op with length {len(value)} shorter "
                             f"than minimum length {arg.minimum}.")
        attrs[arg.number_attr] = len(value)  # type: ignore[index]
        wanted = arg.dtype if arg.type_attr is None else attrs.get(arg.type_attr)
        if wanted is None:
            for item in value:
                dtype = getattr(item, "dtype", None)
                if isinstance(dtype, DType):
                    wanted = dtype.base_dtype
                    break
        tensors = []
        try:
            for index, item in enumerate(value):
                if type(item) is not Tensor:
                    item = to_tensor(item, wanted, f"{arg.name}_{index}", arg.is_ref,
                                     arg.default if wanted is None else None)
                elif wanted is not None and item._dtype.base_dtype is not wanted:
                    raise TypeError
                tensors.append(item)
        except (TypeError, ValueError):
            raise self._list_error(arg, [self._type_alone(item) for item in value], attrs) from None
        wanted = wanted or (tensors[0]._dtype.base_dtype if tensors else None)
        if any(t._dtype.base_dtype is not wanted for t in tensors):
            raise self._list_error(arg, [t._dtype.base_dtype.name for t in tensors], attrs)
        if arg.type_attr is not None:
            if wanted is None:
                if arg.default is None:
                    raise TypeError(f"Don't know how to infer type variable from empty input list passed to input "
                                    f"'{arg.name}' of '{self.op_def.name}' Op.")
                wanted = arg.default
            elif arg.allowed is not None and id(wanted) not in arg.allowed:
                self._refuse_type(arg, wanted)
            attrs[arg.type_attr] = wanted
        return tensors

    def _type_alone(self, item: Any) -> str:
        """The type that an item of a list would have as a tensor; TensorFlow too leaves that tensor in the graph."""
        try:
            return to_tensor(item)._dtype.base_dtype.name
        except (TypeError, ValueError):
            return "<NOT CONVERTIBLE TO TENSOR>"

    def _list_error(self, arg: _Input, types: list[str], attrs: dict[str, Any]) -> TypeError:
        wrong = "don't all match." if arg.dtype is None else f"do not match expected type {arg.dtype.name}."
        if arg.dtype is None and arg.type_attr in attrs:
            wrong = f"do not match type {attrs[arg.type_attr].name} inferred from earlier arguments."
        return TypeError(f"Tensors in list passed to '{arg.name}' of '{self.op_def.name}' Op have types "
                         f"[{', '.join(types)}] that {wrong}")

    def _convert_mixed_list(self, arg: _Input, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for '{arg.name}' argument to '{self.op_def.name}' Op, not {value}.")
        known = attrs.get(arg.type_list_attr or "") or [None] * len(value)
        if len(known) != len(value):
            raise ValueError(f"List argument '{arg.name}' to '{self.op_def.name}' Op with length {len(value)} must "
                             f"match length {len(known)} of attr '{arg.type_list_attr}'.")
        if arg.minimum is not None and len(value) < arg.minimum:
            raise ValueError(f"Attr '{arg.type_list_attr}' of '{self.op_def.name}' Op passed list of length "
                             f"{len(value)} less than minimum {arg.minimum}.")
        tensors: list[Tensor] = []
        for index, (item, dtype) in enumerate(zip(value, known)):
            if type(item) is not Tensor:
                try:
                    item = to_tensor(item, dtype, f"{arg.name}_{index}", arg.is_ref)
                except (TypeError, ValueError):
                    if dtype is None:
                        raise
                    types = [t._dtype.base_dtype.name for t in tensors]
                    types += [self._type_alone(other) for other in value[index:]]
                    raise TypeError(f"Input '{arg.name}' of '{self.op_def.name}' Op has type list of "
                                    f"{', '.join(types)} that does not match type list "
                                    f"{', '.join(t.name for t in known)} of argument "
                                    f"'{self._origin(arg, arg.type_list_attr)}'.") from None
            if arg.allowed is not None and id(item._dtype.base_dtype) not in arg.allowed:
                self._refuse_type(arg, item._dtype.base_dtype)
            tensors.append(item)
        attrs[arg.type_list_attr] = [t._dtype.base_dtype for t in tensors]  # type: ignore[index]
        return tensors

    # --- messages ---------------------------------------------------------------------------------------------

    def _origin(self, arg: _Input, attr: str | None = None) -> str:
        """The earlier argument that settled an attr."""
        attr = attr or arg.type_attr
        for other in self.inputs:
            if other is arg:
                break
            if attr in (other.type_attr, other.number_attr, other.type_list_attr):
                return other.name
        return attr or ""

    def _check_lists(self, values: tuple[Any, ...], attr_values: tuple[Any, ...]) -> None:
        """Refuse what is no list where one must be, as TensorFlow's functions do before they take a name."""
        count = len(values)
        for place, name in self.lists:
            value = values[place] if place < count else attr_values[place - count]
            if isinstance(value, (list, tuple)):
                continue
            if place < count:
                kind = None
            else:
                attr = self.attrs[place - count]
                if value is None and attr.has_default:
                    continue
                kind = None if isinstance(value, (str, bytes, Tensor)) or not hasattr(value, "__iter__") else attr
            if kind is None:
                called = python_name(self.op_def.name)
                raise TypeError(f"Expected list for '{name}' argument to "
                                f"'{self.op_def.name if iskeyword(called) else called}' Op, not {value!r}.")

    def _length_error(self, arg: _Input, value: Any, known: int) -> ValueError:
        return ValueError(f"List argument '{arg.name}' to '{python_name(self.op_def.name)}' Op with length "
                          f"{len(value)} must match length {known} of argument "
                          f"'{self._origin(arg, arg.number_attr)}'.")

    def _mismatch(self, arg: _Input, dtype: DType, wanted: DType) -> None:
        raise TypeError(f"Input '{arg.name}' of '{self.op_def.name}' Op has type {dtype.name} that does not match "
                        f"type {wanted.name} of argument '{self._origin(arg)}'.")

    def _wrong_fixed_type(self, arg: _Input, tensor: Tensor) -> None:
        raise TypeError(f"Input '{arg.name}' of '{self.op_def.name}' Op has type {tensor._dtype.name} that "
                        f"does not match expected type of {arg.dtype.name}.")  # type: ignore[union-attr]

    def _refuse_non_ref(self, arg: _Input, tensor: Tensor) -> None:
        raise TypeError(f"'{self.op_def.name}' Op requires that input '{arg.name}' be a mutable tensor (e.g.: a "
                        f"tf.Variable)\n{tensor.name} is not.")

    def _refuse_type(self, arg: _Input, dtype: DType) -> None:
        allowed = ", ".join(t.name for t in arg.attr.allowed)  # type: ignore[union-attr]
        raise TypeError(f"Value passed to parameter '{arg.name}' has DataType {dtype.name} not in list of allowed "
                        f"values: {allowed}")


def _refuse_deprecated(op_def: OpDef, producer: int) -> None:
    """Refuse an op that graphs of a version may not hold any more; functions of ops do so as Python does."""
    said = op_words.removed(op_def, producer)
    if said is not None:
        raise NotImplementedError(said)


# --- attrs ------------------------------------------------------------------------------------------------------


def _coercer(attr: AttrDef) -> Callable[[Any, str], Any] | None:
    """A function that makes an attr's plain value from what the caller gave, and checks it."""
    kind = attr.type
    if kind.startswith("list("):
        element = _ELEMENTS[kind[5:-1]]

        def coerce_list(value: Any, op_name: str) -> Any:
            if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
                raise TypeError(f"Expected list for attr {attr.name}\n{op_name} got {value!r}.")
            items = [element(item, attr, op_name) for item in value]
            if attr.minimum is not None and len(items) < attr.minimum:
                raise ValueError(f"Attr '{attr.name}' of '{op_name}' Op passed list of length {len(items)} less than "
                                 f"minimum {attr.minimum}.")
            for item in items:
                _check_allowed(item, attr, op_name)
            return items

        return coerce_list
    element = _ELEMENTS[kind]

    def coerce(value: Any, op_name: str) -> Any:
        value = element(value, attr, op_name)
        if attr.allowed is not None:
            _check_allowed(value, attr, op_name)
        if attr.minimum is not None and value < attr.minimum:
            raise ValueError(f"Attr '{attr.name}' of '{op_name}' Op passed {value} less than minimum {attr.minimum}.")
        return value

    return coerce


def _check_allowed(value: Any, attr: AttrDef, op_name: str) -> None:
    if attr.allowed is None or value in attr.allowed:
        return
    if isinstance(value, DType):
        raise TypeError(f"Value passed to parameter '{attr.name}' has DataType {value.name} not in list of allowed "
                        f"values: {', '.join(t.name for t in attr.allowed)}")
    allowed = '", "'.join(str(a) for a in attr.allowed)
    raise ValueError(f"Attr '{attr.name}' of '{op_name}' Op passed string '{value}' not in: \"{allowed}\".")


def _int(value: Any, attr: AttrDef, op_name: str) -> int:
    """What Python's `int` makes of a value that is no string: 2.5 becomes 2."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"Expected int for argument '{attr.python_name}' not {value!r}.")
    try:
        return int(value.item() if isinstance(value, np.ndarray) else value)
    except (TypeError, ValueError) as error:
        if isinstance(value, float):
            raise
        raise TypeError(f"Expected int for argument '{attr.python_name}' not {value!r}.") from error


def _float(value: Any, attr: AttrDef, op_name: str) -> float:
    if not isinstance(value, (Real, np.number)) or isinstance(value, np.complexfloating):
        raise TypeError(f"Expected float for argument '{attr.python_name}' not {value!r}.")
    return float(value)


def _bool(value: Any, attr: AttrDef, op_name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"Expected bool for argument '{attr.python_name}' not {value!r}.")
    return value


def _string(value: Any, attr: AttrDef, op_name: str) -> Any:
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"Expected string for argument '{attr.python_name}' not {value!r}.")
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _type(value: Any, attr: AttrDef, op_name: str) -> DType:
    try:
        return as_dtype(value).base_dtype
    except TypeError as error:
        raise TypeError(f"Expected DataType for argument '{attr.python_name}' not {value!r}.") from error


def _shape(value: Any, attr: AttrDef, op_name: str) -> shapes.TensorShape:
    try:
        return shapes.as_shape(value)
    except TypeError as error:
        raise TypeError(f"Error converting {attr.python_name} to a TensorShape: {error}.") from None
    except ValueError as error:
        raise ValueError(f"Error converting {attr.python_name} to a TensorShape: {error}.") from None


def _tensor(value: Any, attr: AttrDef, op_name: str) -> Any:
    if value is attr.default:
        return value  # as the definition stores it
    value = plain_attr(value)
    return value if isinstance(value, np.ndarray) else tensor_values.to_array(value)


def _func(value: Any, attr: AttrDef, op_name: str) -> Func:
    value = plain_attr(value)
    if isinstance(value, Func):
        return value
    if hasattr(value, "add_to_graph"):
        value.add_to_graph(context.get_default_graph())
    name = getattr(value, "name", value)
    if not isinstance(name, str):
        raise TypeError(f"Don't know how to convert {value!r} to a func for argument {attr.python_name}")
    return Func(name)


_ELEMENTS: dict[str, Callable[[Any, AttrDef, str], Any]] = {
    "int": _int, "float": _float, "bool": _bool, "string": _string, "type": _type, "shape": _shape,
    "tensor": _tensor, "func": _func}


# --- results ----------------------------------------------------------------------------------------------------


def _result_maker(op_def: OpDef) -> Callable[[Operation], Any]:
    """What an op's function returns: the operation, a tensor, a list, or a named tuple."""
    args = op_def.outputs
    if not args:
        return lambda op: op
    if len(args) == 1:
        if args[0].is_list:
            return lambda op: list(op._outputs)
        return lambda op: op._outputs[0]
    result_type = collections.namedtuple(op_def.name, [arg.name for arg in args])  # type: ignore[misc]
    if not any(arg.is_list for arg in args):
        return lambda op: result_type(*op._outputs)

    def grouped(op: Operation) -> Any:
        items: list[Any] = []
        position = 0
        for arg in args:
            count = arg_count(arg, op._attrs)
            part = op._outputs[position:position + count]
            items.append(list(part) if arg.is_list else part[0])
            position += count
        return result_type(*items)

    return grouped


@functools.cache
def caller(op_type: str) -> OpCaller:
    """The caller of an op type.

    Raises:
      ValueError: TensorFlow 1.15 has no such op.
    """
    op_def = opdefs.get(op_type)
    if op_def is None:
        raise ValueError(f"Op type not registered '{op_type}'")
    return OpCaller(op_def)


def make_function(python_name: str, op_type: str) -> Callable[..., Any]:
    """The Python function of an op: real parameters with their names and defaults, then `name=None`."""
    op_caller = caller(op_type)
    op_def = op_caller.op_def
    attrs = sorted(op_caller.attrs, key=lambda attr: attr.has_default)
    inputs = [arg.python_name for arg in op_def.inputs]
    parameters = [*inputs, *(f"{a.python_name}=_{a.name}" if a.has_default else a.python_name for a in attrs),
                  "name=None"]
    values = "".join(f"{name}, " for name in inputs)
    given = "".join(f"{attr.python_name}, " for attr in op_caller.attrs)
    safe_name = python_name + "_" * keyword.iskeyword(python_name)  # `if`, `while`, `assert`
    text = f"def {safe_name}({', '.join(parameters)}):\n    return _call(({values}), ({given}), name)\n"
    namespace: dict[str, Any] = {"_call": op_caller}
    namespace.update({f"_{attr.name}": attr.given for attr in attrs if attr.has_default})
    exec(compile(text, f"{__file__}:{python_name}", "exec"), namespace)  # as collections.namedtuple does
    function = namespace[safe_name]
    function.__name__ = function.__qualname__ = python_name
    function.__module__ = "tfmagic.ops.raw"
    function.__doc__ = f"A `{op_type}` node: {_signature(op_def)}."
    return function


def _signature(op_def: OpDef) -> str:
    def show(args: tuple[ArgDef, ...]) -> str:
        return ", ".join(f"{arg.name}: {_spec(arg)}" for arg in args) or "nothing"

    return f"takes {show(op_def.inputs)}; gives {show(op_def.outputs)}"


def _spec(arg: ArgDef) -> str:
    text = arg.dtype.name if arg.dtype is not None else arg.type_attr or f"list({arg.type_list_attr})"
    return f"{arg.number_attr} * {text}" if arg.number_attr else text


def raw_op(op_type: str) -> Callable[..., Any]:
    """`tf.raw_ops.<op_type>`: the op's function by keyword arguments alone."""
    by_position = make_function(op_type, op_type)

    @functools.wraps(by_position)
    def function(*args: Any, **kwargs: Any) -> Any:
        if args:
            names = list(inspect.signature(by_position).parameters)
            raise TypeError(f"{op_type} only takes keyword args (possible keys: {names}). Please pass these args as "
                            "kwargs instead.")
        return by_position(**kwargs)

    function.__name__ = function.__qualname__ = op_type
    function.__module__ = "tfmagic.tf.raw_ops"
    return function
