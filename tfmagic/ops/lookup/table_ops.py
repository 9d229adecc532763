"""The ops of lookup tables: each kernel is a call on the table of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.lookup.tables import Table

_FIXED = "HashTable"
_MAKERS = (_FIXED, "MutableHashTable", "MutableHashTableOfTensors", "MutableDenseHashTable")


def _table(op: Any, *reserved: Any) -> Any:
    table = op.constant(op.named.of(op.op, lambda *names: Table(op.op, op.op.type.removesuffix("V2") == _FIXED)))
    return table.reserve(*reserved) if reserved else table


def _handle(op: Any, *dims: Any) -> Dims:
    return ()


def _old_handle(op: Any, *dims: Any) -> Dims:
    return (2,)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _value_dims(op: Any) -> tuple[int | None, ...] | None:
    """The shape of a value of the table, where the graph shows it."""
    maker = op.op._inputs[0].op
    if maker.type.removesuffix("V2") not in _MAKERS:
        return None
    return shapes.as_shape(maker._attrs.get("value_shape", ()))._dims


def _found(op: Any, table: Dims, keys: Dims, default: Dims) -> Dims:
    value = _value_dims(op)
    return None if keys is None or value is None else (*keys, *value)


def _exported(op: Any, table: Dims) -> tuple[Dims, Dims]:
    value = _value_dims(op)
    return (None,), None if value is None else (None, *value)


def _filled(op: Any, table: Dims, keys: Dims, values: Dims) -> tuple[()]:
    if op.op._inputs[0].op.type.removesuffix("V2") == _FIXED:
        shape_rules.merged(op, keys, values)
    return ()


def _text_file(op: Any, table: Any, filename: Any) -> None:
    table.fill_from_file(filename, op.key_index, op.value_index, op.vocab_size, op.delimiter)


def _both(name: str, shape: Callable[..., Any], kernel: Callable[..., Any], effect: Any) -> None:
    """Declare an op in its two forms, by name and by resource."""
    for version in ("", "V2"):
        register(name + version, shape, kernel, objects=True, effect=effect)


for _name in _MAKERS:
    _effect: Any = "writes" if _name == "MutableDenseHashTable" else "none"
    register(_name, _old_handle, _table, objects=True, effect=_effect if _effect != "none" else "reads")
    register(f"{_name}V2", _handle, _table, objects=True, effect=_effect)
_both("LookupTableFind", _found, lambda op, table, keys, default: table.find(keys, default), "reads")
_both("LookupTableSize", shape_rules.scalar, lambda op, table: table.size(), "reads")
_both("LookupTableExport", _exported, lambda op, table: table.export(), "reads")
_both("LookupTableInsert", _nothing, lambda op, table, keys, values: table.insert(keys, values), "writes")
_both("LookupTableImport", _filled, lambda op, table, keys, values: table.fill(keys, values), "writes")
_both("InitializeTable", _filled, lambda op, table, keys, values: table.fill(keys, values), "writes")
_both("InitializeTableFromTextFile", _nothing, _text_file, "writes")
register("LookupTableRemoveV2", _nothing, lambda op, table, keys: table.remove(keys), objects=True, effect="writes")
