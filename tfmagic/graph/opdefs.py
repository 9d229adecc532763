"""OpDef: inputs, outputs and attrs of every TensorFlow 1.15 op, read lazily from `opdefs.txt`."""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass, field
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape

_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class AttrDef:
    """One attr: its kind ("int", "type", "list(shape)", ...), allowed values, least value or length, default.

    Attributes:
      given: what the op's Python function gives where its caller says nothing.
    """

    name: str
    python_name: str
    type: str
    allowed: tuple[Any, ...] | None
    minimum: int | None
    default: Any = _REQUIRED
    given: Any = _REQUIRED

    @property
    def has_default(self) -> bool:
        return self.default is not _REQUIRED


@dataclass(frozen=True, slots=True)
class ArgDef:
    """One input or output: of a fixed type, of the type that an attr names, or a list of either form.

    Attributes:
      dtype: the fixed type, or None when `type_attr` or `type_list_attr` gives it.
      number_attr: the int attr that says how many tensors of one type this argument holds.
      type_list_attr: the list(type) attr that says the type of each tensor this argument holds.
    """

    name: str
    python_name: str
    dtype: DType | None
    type_attr: str | None
    number_attr: str | None
    type_list_attr: str | None
    is_ref: bool

    @property
    def is_list(self) -> bool:
        return self.number_attr is not None or self.type_list_attr is not None


@dataclass(slots=True)
class OpDef:
    """The signature of one op, as data.

    Attributes:
      flags: "stateful", "gradient", "stops_gradients", ...
      defined: the names of the attrs in the order of the op's definition; `attrs` are in that of its Python function.
      deprecation: from which GraphDef version on the op is gone, and what TensorFlow says of it.
      inferred: attrs that follow from the inputs.
      parameters: names of the Python function's parameters, in order, without `name`.
      takes_lists: whether an input is a list of tensors.
      single_output: the output, of an op that gives one tensor.
    """

    name: str
    inputs: tuple[ArgDef, ...]
    outputs: tuple[ArgDef, ...]
    attrs: dict[str, AttrDef]
    flags: frozenset[str]
    deprecation: tuple[int, str] | None = None
    defined: tuple[str, ...] = ()
    inferred: frozenset[str] = field(init=False)
    parameters: tuple[str, ...] = field(init=False)
    takes_lists: bool = field(init=False)
    single_output: ArgDef | None = field(init=False)

    def __post_init__(self) -> None:
        inferred: set[str] = set()
        for arg in self.inputs:
            inferred.update(a for a in (arg.type_attr, arg.number_attr, arg.type_list_attr) if a is not None)
        self.inferred = frozenset(inferred)
        self.defined = self.defined or tuple(self.attrs)
        self.parameters = (*(arg.python_name for arg in self.inputs),
                           *(a.python_name for a in self.attrs.values() if a.name not in inferred))
        self.takes_lists = any(arg.is_list for arg in self.inputs)
        self.single_output = self.outputs[0] if len(self.outputs) == 1 and not self.outputs[0].is_list else None

    @property
    def is_stateful(self) -> bool:
        return "stateful" in self.flags

    @property
    def has_gradient(self) -> bool:
        """Whether TensorFlow 1.15 has a gradient for the op."""
        return "gradient" in self.flags

    @property
    def stops_gradients(self) -> bool:
        """Whether the op has no gradient on purpose, as comparisons and shapes have none."""
        return "stops_gradients" in self.flags


@functools.cache
def _lines() -> tuple[dict[str, str], dict[str, str]]:
    """The unparsed line of each op, and the named sets of types."""
    return _table("opdefs.txt")


@functools.cache
def _of_tests() -> dict[str, str]:
    """The unparsed lines of the ops that only tests build graphs of: no part of the library, read when asked for."""
    return _table("opdefs_of_tests.txt")[0]


def _table(file: str) -> tuple[dict[str, str], dict[str, str]]:
    ops: dict[str, str] = {}
    sets: dict[str, str] = {}
    with open(os.path.join(os.path.dirname(__file__), file), encoding="utf-8") as table:
        for line in table:
            if line[0] == "$":
                name, _, members = line.rstrip().partition(" = ")
                sets[name] = members
            elif line[0] != "#":
                name, _, rest = line.partition(" | ")
                ops[name] = rest
    return ops, sets


def _line(name: str) -> str | None:
    """The unparsed line of an op, one of those for tests included."""
    line = _lines()[0].get(name)
    return _of_tests().get(name) if line is None else line


def test_op(python_name: str) -> str | None:
    """The op for tests whose Python function has a name, or None."""
    return next((name for name, rest in _of_tests().items() if rest.partition(" |")[0] == python_name), None)


@functools.cache
def by_python_name() -> dict[str, str]:
    """Op type by the name of its Python function ("concat_v2" -> "ConcatV2")."""
    return {rest.partition(" |")[0]: name for name, rest in _lines()[0].items()}


def python_name(name: str) -> str:
    """The name of an op's Python function: `Conv2DBackpropInput` -> `conv2d_backprop_input`."""
    return (_line(name) or "").partition(" |")[0]


def home(name: str) -> str:
    """The module of `tfmagic` that declares the op's behaviour ("ops.math.unary"), "" where none does."""
    rest = _line(name)
    return "" if rest is None else rest.rpartition("|")[2].strip()


def is_op(name: str) -> bool:
    """Whether TensorFlow 1.15 has an op of this name, those for tests left out."""
    return name in _lines()[0]


def names() -> list[str]:
    """The names of all ops, sorted."""
    return list(_lines()[0])


@functools.cache
def get(name: str) -> OpDef | None:
    """The definition of the op type `name`, or None when TensorFlow 1.15 has no such op."""
    rest = _line(name)
    return None if rest is None else _parse(name, rest)


def _parse(name: str, rest: str) -> OpDef:
    _, inputs, outputs, attrs, flags, _ = [part.strip() for part in rest.split("|")]
    attr_defs = {attr.name: attr for attr in map(_parse_attr, _items(attrs))}
    flags, is_deprecated, deprecation = flags.partition("deprecated=")
    version, _, explanation = deprecation.partition(" ")
    flags, _, defined = flags.partition("defined=")
    return OpDef(name, tuple(_parse_arg(item, attr_defs) for item in _items(inputs)),
                 tuple(_parse_arg(item, attr_defs) for item in _items(outputs)), attr_defs, frozenset(flags.split()),
                 (int(version), explanation.strip('"')) if is_deprecated else None,
                 tuple(defined.strip().split(",")) if defined else ())


def _items(text: str) -> list[str]:
    return [item for item in text.split("; ") if item]


def _name(text: str) -> tuple[str, str]:
    name, _, python_name = text.partition(" as ")
    return name, python_name or name


def _parse_arg(item: str, attrs: dict[str, AttrDef]) -> ArgDef:
    names, _, spec = item.partition(": ")
    is_ref = spec.startswith("ref(")
    if is_ref:
        spec = spec[4:-1]
    number, _, spec = spec.rpartition(" * ")
    is_list = spec.startswith("list(")
    if is_list:
        spec = spec[5:-1]
    attr = spec if spec in attrs else None
    return ArgDef(*_name(names), None if attr else dtypes.as_dtype(spec), None if is_list else attr,
                  number or None, attr if is_list else None, is_ref)


def _parse_attr(item: str) -> AttrDef:
    head, has_default, default = item.partition(" = ")
    names, _, spec = head.partition(": ")
    spec, has_minimum, minimum = spec.partition(" >= ")
    kind, has_allowed, allowed = spec.partition(" {")
    values: tuple[Any, ...] | None = None
    if has_allowed:
        words = allowed[:-1]
        words = _lines()[1][words] if words.startswith("$") else words
        values = tuple(map(dtypes.as_dtype, words.split())) if "type" in kind else tuple(words.split(" "))
    if not has_default:
        return AttrDef(*_name(names), kind, values, int(minimum) if has_minimum else None)
    default, differs, given = default.partition(" as ")
    value = _default(kind, json.loads(default))
    return AttrDef(*_name(names), kind, values, int(minimum) if has_minimum else None, value,
                   _default(kind, json.loads(given)) if differs else value)


def _default(kind: str, value: Any) -> Any:
    if kind == "type":
        return dtypes.as_dtype(value)
    if kind.startswith("list("):
        return [_default(kind[5:-1], item) for item in value]
    if kind == "shape":
        return TensorShape(None if value == "?" else value)
    if kind == "tensor":
        from google.protobuf import text_format  # one op has such a default

        return text_format.Parse(value, messages.module("tensor_pb2").TensorProto())
    return float(value) if kind == "float" else value
