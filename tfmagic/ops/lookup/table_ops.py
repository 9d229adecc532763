"""The ops of lookup tables: each kernel is a call on the table of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.lookup.dense import DenseTable
from tfmagic.ops.lookup.tables import Table

_FIXED, _DENSE = "HashTable", "MutableDenseHashTable"
_MAKERS = (_FIXED, "MutableHashTable", "MutableHashTableOfTensors", _DENSE)


def _table(op: Any) -> Any:
    return op.constant(op.named.of(op.op, Table, lambda *names: Table(op.op, op.op.type.removesuffix("V2") == _FIXED)))


def _dense_table(op: Any, empty: Any, *deleted: Any) -> Any:
    made = op.constant(op.named.of(op.op, Table, lambda *names: DenseTable(op.op)))
    return made.reserve(empty, *deleted) if deleted else op.call(_refuse_old_form)


def _refuse_old_form() -> None:
    """TensorFlow's kernel does not take the op's old form, either."""
    raise invalid("Unknown input name: deleted_key")


def _handle(op: Any, *dims: Any) -> Dims:
    for key in dims[:1]:
        shape_rules.with_rank_at_most(key, 1)
    return ()


def _old_handle(op: Any, *dims: Any) -> Dims:
    return (2,)


def _nothing(op: Any, *dims: Any) -> tuple[()]:
    return ()


def _maker(op: Any) -> Any:
    """The node that makes the table, where the graph shows it."""
    maker = op.op._inputs[0].op
    return maker if maker.type.removesuffix("V2") in _MAKERS else None


def _read(op: Any, key_dtype: Any, value_dtype: Any) -> tuple[Dims, Dims]:
    """The shapes of a key and of a value of the table, as far as the graph shows them.

    Raises:
      ValueError: it has keys or values of other types.
    """
    maker = _maker(op)
    if maker is None or not maker.type.endswith("V2") or maker.type == f"{_FIXED}V2":
        return None, None
    for wanted, found in ((maker._attrs["key_dtype"], key_dtype), (maker._attrs["value_dtype"], value_dtype)):
        if wanted != found:
            raise ValueError(f"Trying to read value with wrong dtype. Expected {wanted.proto_name} got "
                             f"{found.proto_name}")
    key: Dims = maker._inputs[0].shape._dims if maker._inputs else ()
    return key, shapes.as_shape(maker._attrs.get("value_shape", ()))._dims


def _found(op: Any, table: Dims, keys: Dims, default: Dims) -> Dims:
    shape_rules.with_rank_at_most(default, 1)
    key, value = _read(op, op.Tin, op.Tout)
    if keys is None or value is None or key is None or len(key) > len(keys):
        return None
    return (*keys[:len(keys) - len(key)], *value)


def _exported(op: Any, table: Dims) -> tuple[Dims, Dims]:
    _, value = _read(op, op.Tkeys, op.Tvalues)
    return (None,), None if value is None else (None, *value)


def _typed(op: Any, table: Any, *given: Any, found: bool = False) -> Any:
    """The table, once it is known to have keys and values of these types."""
    maker = _maker(op)
    if maker is None:
        return table
    wanted = (maker._attrs["key_dtype"], maker._attrs["value_dtype"])[:len(given)]
    return table if wanted == given else op.call(_refuse, given, wanted, found)


def _refuse(given: Any, wanted: Any, found: bool) -> None:
    """Raise for a table of other types; with `found` its values come out."""
    have, expected = (", ".join(dtype.proto_name for dtype in types) + "->" + (types[1].proto_name if found else "")
                      for types in (given, wanted))
    raise invalid(f"Signature mismatch, have: resource, {have} expected: resource, {expected}")


def _find(op: Any, table: Any, keys: Any, default: Any) -> Any:
    return _typed(op, table, op.Tin, op.Tout, found=True).find(keys, default)


def _insert(op: Any, table: Any, keys: Any, values: Any) -> None:
    _typed(op, table, op.Tin, op.Tout).insert(keys, values)


def _fill(op: Any, table: Any, keys: Any, values: Any) -> None:
    _typed(op, table, op.Tin, op.Tout).fill(keys, values)


def _remove(op: Any, table: Any, keys: Any) -> None:
    _typed(op, table, op.Tin).remove(keys)


def _initialize(op: Any, table: Any, keys: Any, values: Any) -> None:
    maker = _maker(op)
    if maker is None or maker.type.removesuffix("V2") == _FIXED:
        table = _typed(op, table, op.Tkey, op.Tval)
    table.initialize(keys, values)


def _filled(op: Any, table: Dims, keys: Dims, values: Dims) -> tuple[()]:
    """A vector of keys, and as many values."""
    shape_rules.merged(op, shape_rules.with_rank(keys, 1), values)
    return ()


def _removed(op: Any, table: Dims, keys: Dims) -> tuple[()]:
    shape_rules.with_rank_at_least(keys, 1)
    return ()


def _named(op: Any, table: Dims, filename: Dims) -> tuple[()]:
    shape_rules.with_rank(filename, 0)
    return ()


def _text_file(op: Any, table: Any, filename: Any) -> None:
    table.fill_from_file(filename, op.key_index, op.value_index, op.vocab_size, op.delimiter)


def _both(name: str, shape: Callable[..., Any], kernel: Callable[..., Any], effect: Any) -> None:
    """Declare an op in its two forms, by name and by resource."""
    for version in ("", "V2"):
        _declare(name + version, shape, kernel, effect)


def _declare(name: str, shape: Callable[..., Any], kernel: Callable[..., Any], effect: Any) -> None:
    def checked(op: Any, table: Dims, *given: Dims) -> Any:
        shape_rules.check_handle(table, old=not name.endswith("V2"))
        return shape(op, table, *given)

    register(name, checked, kernel, objects=True, effect=effect)


for _name in _MAKERS:
    _dense = _name == _DENSE
    _make: Any = _dense_table if _dense else _table
    register(_name, _old_handle, _make, objects=True, effect="writes" if _dense else "reads")
    register(f"{_name}V2", _handle, _make, objects=True, effect="writes" if _dense else "none")
_both("LookupTableFind", _found, _find, "reads")
_both("LookupTableSize", shape_rules.scalar, lambda op, table: table.size(), "reads")
_both("LookupTableExport", _exported, lambda op, table: table.export(), "reads")
_both("LookupTableInsert", _nothing, _insert, "writes")
_declare("LookupTableImport", _nothing, _fill, "writes")
_declare("LookupTableImportV2", _filled, _fill, "writes")
_both("InitializeTable", _filled, _initialize, "writes")
_both("InitializeTableFromTextFile", _named, _text_file, "writes")
_declare("LookupTableRemoveV2", _removed, _remove, "writes")
