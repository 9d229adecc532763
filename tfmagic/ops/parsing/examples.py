"""ParseExample and ParseSingleExample: the features of serialized examples as tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfmagic.base import messages, shapes
from tfmagic.base.errors import InvalidArgumentError, invalid
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.registry import Node
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op
from tfmagic.ops.denormals import kept
from tfmagic.ops.parsing.alike import Alike
from tfmagic.ops.parsing.columns import (
    Column,
    DenseColumn,
    are_those,
    cut_to_what_is_there,
    in_parts,
    known,
    sparse_dims,
    text,
)
from tfmagic.ops.strings.rules import HOST_STRINGS

# How many batches of examples that are not like those before are looked at before it is given up.
_TRIES = 8
# So many single ones come before it is worth seeing what they have in common.
_SINGLES = 32


class Columns:
    """The features that a node wants: made at its first call, they serve the others.

    Args:
      sparse, dense: keys, types and, for dense ones, shapes.
      defaults: the values that stand in for dense ones.
      given: the inputs on which all this depends.
    """

    def __init__(self, sparse: Iterable[tuple[Any, ...]], dense: Iterable[tuple[Any, ...]], defaults: Sequence[Any],
                 given: Sequence[Any]):
        from google.protobuf.message import DecodeError

        self._given = list(given)
        self._dense = [DenseColumn(text(key), dtype, shape, default)
                       for (key, dtype, shape), default in zip(dense, defaults)]
        self._sparse = [Column(text(key), dtype) for key, dtype in sparse]
        self._parsed = messages.module("example_pb2").Example.FromString
        self._decode_error = DecodeError
        self._alike: Alike | None = None
        self._tries = 0 if self._sparse else _TRIES
        self._singles = 0 if self._tries else -1  # how many came; less than 0: no others are looked at
        self._matches: Any = None
        self._readers: list[Callable[[bytes], Any]] = []

    def hold(self, given: Sequence[Any]) -> bool:
        """Whether these are the inputs on which they depend."""
        return are_those(self._given, given)

    def of_one(self, serialized: bytes) -> tuple[Any, ...]:
        """The outputs for a single example."""
        if self._matches is not None and self._matches(serialized):
            return tuple([read(serialized) for read in self._readers])
        if self._singles >= 0:
            self._count(serialized)
        return self._parsed_alone(serialized)

    @kept
    def _parsed_alone(self, serialized: bytes) -> tuple[Any, ...]:
        features = self._features(serialized)
        dense = [column.of_one(features) for column in self._dense]
        if not self._sparse:
            return tuple(dense)
        return *in_parts([column.of_one(features) for column in self._sparse]), *dense

    def _count(self, serialized: bytes) -> None:
        """Note that an example came that is not like those before; after many of them the next may be like it."""
        self._singles += 1
        if self._singles < _SINGLES:
            return
        self._singles = -1 if self._singles == _SINGLES + _TRIES else self._singles
        alike = self.like(serialized)
        if alike is not None:
            self._readers, self._matches = alike.readers(), alike.pattern().fullmatch

    @kept
    def of_batch(self, serialized: Sequence[bytes], names: Sequence[Any]) -> tuple[Any, ...]:
        """The outputs for a batch of examples."""
        found = self._of_alike(serialized) if self._tries else None
        if found is not None:
            return tuple(found)
        called = [text(name) for name in names]
        try:
            batch = [self._features(example) for example in serialized]
            dense = [column.of_batch(batch, called) for column in self._dense]
            return *in_parts([column.of_batch(batch, called) for column in self._sparse]), *dense
        except InvalidArgumentError:
            self._find_refused(serialized, called)
            raise

    def _of_alike(self, serialized: Sequence[bytes]) -> list[Any] | None:
        """The outputs for a batch of examples that are alike, or None; after some that are not no more is tried."""
        if not serialized:
            return None
        found = None if self._alike is None else self._alike.values(serialized)
        if found is None:
            alike = self.like(serialized[0])
            found = None if alike is None else alike.values(serialized)
            self._alike = None if found is None else alike
            if found is None:
                self._tries -= 1
        return found

    def like(self, serialized: bytes) -> Alike | None:
        """What all examples are that are like one; None where these are better parsed one by one."""
        if self._sparse:
            return None
        try:
            features = self._features(serialized)
        except InvalidArgumentError:  # who parses it tells
            return None
        alike = Alike(serialized, self._dense)
        return alike if alike.usable and all(column.plain(features) for column in self._dense) else None

    def _find_refused(self, serialized: Sequence[bytes], names: Sequence[str]) -> None:
        """Raise what is said of the first example that is refused."""
        for index, example in enumerate(serialized):
            features = self._features(example)
            for column in (*self._dense, *self._sparse):
                column.row(features, names, index)

    def _features(self, serialized: bytes) -> Any:
        try:
            return self._parsed(serialized).features.feature
        except self._decode_error:
            there = cut_to_what_is_there(serialized)
        try:
            return self._parsed(there).features.feature
        except self._decode_error:
            raise invalid(f"Could not parse example input, value: '{serialized.decode(errors='replace')}'") from None


class Deferred:
    """A function that does nothing but parse an example, for many examples at once.

    Args:
      op: the ParseSingleExample.
      defaults: its inputs but the first.
      order: which of its outputs the function gives.
    """

    def __init__(self, op: Node, defaults: Sequence[Any], order: Sequence[int]):
        self._columns = Columns((), zip(op.dense_keys, op.Tdense, op.dense_shapes), defaults, defaults)
        self._order = order
        self._alike: Alike | None = None
        self._matches: Any = None
        self._tries = _TRIES

    def sure(self, serialized: bytes) -> bool:
        """Whether an example can be parsed, with others, later."""
        if self._matches is not None and self._matches(serialized):
            return True
        if not self._tries:
            return False
        self._tries -= 1
        alike = self._columns.like(serialized)
        if alike is None:
            return False
        self._alike, self._matches = alike, alike.pattern().fullmatch
        return True

    def together(self, serialized: Sequence[bytes]) -> tuple[Any, ...] | None:
        """What the function gives for examples, one under the other; None where they are not alike."""
        found = None if self._alike is None else self._alike.values(serialized)
        return None if found is None else tuple([found[index] for index in self._order])


def deferred(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> Callable[[], Deferred] | None:
    """What makes a function of the graph that only parses an example ready for many at once; None for any other."""
    outputs = [behind(tensor) for tensor in outputs]
    parse = outputs[0].op if outputs else None
    if (parse is None or parse.type != "ParseSingleExample" or any(tensor.op is not parse for tensor in outputs)
            or len(inputs) != 1 or behind(parse._inputs[0]) is not inputs[0] or parse._attrs["num_sparse"]):
        return None
    defaults = [constant_value(behind(tensor)) for tensor in parse._inputs[1:]]
    if any(value is None for value in defaults):
        return None
    order = [tensor.value_index for tensor in outputs]
    return lambda: Deferred(Node(parse), defaults, order)


def behind(tensor: Tensor) -> Tensor:
    """The tensor that Identities hand on."""
    while tensor.op.type == "Identity":
        tensor = tensor.op._inputs[0]
    return tensor


def _check_shapes(op: Any) -> None:
    for index, shape in enumerate(op.dense_shapes):
        dims = shapes.as_shape(shape)._dims
        if dims is None or None in dims[1:]:
            raise ValueError(f"dense_shapes[{index}] has unknown rank or unknown inner dimensions: "
                             f"{shapes.brackets(dims)}")


@op("ParseExample", check=lambda op, serialized, names, *rest: _refused_batch(serialized, names), **HOST_STRINGS)
class ParseExample:
    """A batch of serialized examples -> for each feature a tensor with an axis of examples."""

    def shape(op, serialized, names, sparse_keys, dense_keys, dense_defaults):
        _check_shapes(op)
        size, = shape_rules.with_rank(serialized, 1)
        shape_rules.with_rank(names, 1)
        return *sparse_dims(op.Nsparse, 2), [(size, *known(shape)) for shape in op.dense_shapes]

    def kernel(op, serialized, names, sparse_keys, dense_keys, dense_defaults):
        given = *sparse_keys, *dense_keys, *dense_defaults
        columns = op.prepared
        if columns is None or not columns.hold(given):
            sparse, dense = ([as_array(key).item() for key in keys] for keys in (sparse_keys, dense_keys))
            columns = op.prepared = Columns(zip(sparse, op.sparse_types), zip(dense, op.Tdense, op.dense_shapes),
                                            dense_defaults, given)
        return columns.of_batch(serialized.tolist(), names.tolist())


@op("ParseSingleExample", memory="cut", check=lambda op, serialized, *rest: _refused_single(serialized), **HOST_STRINGS)
class ParseSingleExample:
    """A serialized example -> for each feature a tensor."""

    def shape(op, serialized, dense_defaults):
        if len(op.dense_keys) != len(op.Tdense):
            raise ValueError("len(dense_keys) != len(dense_types)")
        _check_shapes(op)
        shape_rules.with_rank(serialized, 0)
        return *sparse_dims(op.num_sparse, 1), [known(shape) for shape in op.dense_shapes]

    def kernel(op, serialized, dense_defaults):
        columns = op.prepared
        if columns is None or not columns.hold(dense_defaults):
            columns = op.prepared = Columns(zip(op.sparse_keys, op.sparse_types), zip(
                op.dense_keys, op.Tdense, op.dense_shapes), dense_defaults, dense_defaults)
        return columns.of_one(as_array(serialized).item())


def _refused_batch(serialized: Dims, names: Dims) -> str | None:
    counts = math.prod(names or ()), math.prod(serialized or ())  # type: ignore[arg-type]
    if counts[0] not in (0, counts[1]):
        return f"Expected len(names) == len(serialized), but got: {counts[0]} vs. {counts[1]}"
    if serialized is None or len(serialized) != 1:
        return f"Expected serialized to be a vector, got shape: {shapes.brackets(serialized)}"
    return None


def _refused_single(serialized: Dims) -> str | None:
    return f"Expected serialized to be a scalar, got shape: {shapes.brackets(serialized)}" if serialized else None
