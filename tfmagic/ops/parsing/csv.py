"""DecodeCSV: the fields of lines, separated by a character."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects, single
from tfmagic.ops.declare import op
from tfmagic.ops.denormals import kept
from tfmagic.ops.strings.read_numbers import LONG, number
from tfmagic.ops.strings.rules import HOST_STRINGS

# Numbers are made so many at a time: for a few alone each would cost three times as much.
_BLOCK = 512


def fields_of(line: bytes, delimiter: bytes, quoted: bool) -> list[bytes]:
    """The fields of a record.

    Raises:
      InvalidArgumentError: quotes stand where none may.
    """
    if not line:
        return []
    breaks = b"\n" in line or b"\r" in line
    if not breaks and (not quoted or b'"' not in line):
        return line.split(delimiter)
    fields: list[bytes] = []
    at, size = 0, len(line)
    while at < size:
        mark = line[at:at + 1]
        if mark in (b"\n", b"\r"):  # what stands before a field is skipped
            at += 1
        elif quoted and mark == b'"':
            field, at = _quoted(line, at + 1, delimiter)
            fields.append(field)
        else:
            end = line.find(delimiter, at)
            end = size if end < 0 else end
            field = line[at:end]
            if quoted and b'"' in field or b"\n" in field or b"\r" in field:
                raise invalid("Unquoted fields cannot have quotes/CRLFs inside")
            fields.append(field)
            at = end + 1
    return [*fields, b""] if line.endswith(delimiter) else fields


def _quoted(line: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    """A field from behind its quote on, and where the next begins. A quote before a delimiter ends it."""
    parts = []
    while True:
        end = line.find(b'"', at)
        if end < 0:
            raise invalid("Quoted field has to end with quote followed by delim or end")
        parts.append(line[at:end])
        after = line[end + 1:end + 2]
        if after in (b"", delimiter):
            return b"".join(parts), end + 2
        if after != b'"':
            raise invalid("Quote inside a string has to be escaped by another quote")
        parts.append(b'"')
        at = end + 2


class _Layout:
    """What a node makes of lines: made at its first call, it serves the others.

    Args:
      op: the node.
      record_defaults: per column a value that stands in for a missing one, or none.
    """

    def __init__(self, op: Any, record_defaults: Sequence[Any]):
        self._given = list(record_defaults)
        self._delimiter = op.field_delim.encode() if isinstance(op.field_delim, str) else op.field_delim
        if len(self._delimiter) != 1:
            raise invalid("field_delim should be only 1 char")
        self._missing = frozenset((b"", op.na_value.encode() if isinstance(op.na_value, str) else op.na_value))
        self._chosen, self._quoted = list(op.select_cols), op.use_quote_delim
        if self._chosen and len(self._chosen) != len(record_defaults):
            raise invalid("select_cols should match output size")
        if any(place <= before for before, place in itertools.pairwise([-1, *self._chosen])):
            raise invalid("select_cols should be strictly increasing indices")
        self.types = list(op.OUT_TYPE)
        # Defaults with points stay numbers of their type, which to change is to compute (`ops.denormals`).
        arrays = [as_array(default).ravel() for default in record_defaults]
        defaults = [list(array) if array.dtype.kind == "f" else array.tolist() for array in arrays]
        self._columns = list(zip(self.types, defaults))
        self._makers = [bytes if dtype is dtypes.string else int if dtype.is_integer else float for dtype in self.types]
        self._whole = [(place, dtype) for place, dtype in enumerate(self.types) if dtype.is_integer]
        self._wide = dtypes.float64 in self.types
        self._real = [place for place, dtype in enumerate(self.types) if dtype.is_floating]
        # The columns of each type: the numbers of a line are written into one array for each.
        self._numbers = {dtype: [place for place, other in enumerate(self.types) if other is dtype]
                         for dtype in dict.fromkeys(self.types) if dtype is not dtypes.string}
        self._strings = [place for place, dtype in enumerate(self.types) if dtype is dtypes.string]
        self._rows: dict[Any, list[tuple[Any, Sequence[Any]]]] = {dtype: [] for dtype in self._numbers}

    def holds(self, record_defaults: Sequence[Any]) -> bool:
        """Whether it is that of these defaults."""
        return all(map(operator.is_, self._given, record_defaults))

    def values(self, line: bytes, row: int) -> list[Any]:
        """The values in a line.

        Raises:
          InvalidArgumentError: there are more or fewer, or one is not of its type.
        """
        fields = fields_of(line, self._delimiter, self._quoted)
        if self._chosen:
            fields = [fields[place] for place in self._chosen if place < len(fields)]
        plain = self._plain_values(fields, line)
        if plain is not None:
            return plain
        if len(fields) != len(self._columns):
            raise invalid(f"Expect {len(self._columns)} fields but have {len(fields)} in record {row}")
        found: list[Any] = []
        for field, (dtype, default) in zip(fields, self._columns):
            value: Any = field
            if field in self._missing:
                if not default:
                    raise invalid(f"Field {len(found)} is required but missing in record {row}!")
                value = default[0]
            elif dtype is not dtypes.string:
                value = number(field, dtype)
                if value is None:
                    raise invalid(f"Field {len(found)} in record {row} is not a valid {dtype.proto_name}: "
                                  f"{field.decode(errors='replace')}")
            found.append(value)
        return found

    # Numbers of 64 bits are put together from digits by whole numbers: TensorFlow computes nothing there. Those of 32
    # are rounded, when they are written into tensors.
    _wide_values = kept(values)

    def _plain_values(self, fields: list[bytes], line: bytes) -> list[Any] | None:
        """The values in a line; None: something is to be looked at or refused alone."""
        if len(fields) != len(self._columns) or not self._missing.isdisjoint(fields) or b"_" in line or b"+" in line \
                or len(line) >= LONG and any(len(fields[place]) >= LONG for place in self._real):
            return None
        try:
            found: list[Any] = [make(field) for make, field in zip(self._makers, fields)]
        except ValueError:
            return None
        plain = all(map(math.isfinite, [found[place] for place in self._real])) and \
            all(dtype.min <= found[place] <= dtype.max for place, dtype in self._whole)
        return found if plain else None

    def columns(self, lines: list[bytes]) -> Sequence[Any]:
        """The values in lines, column by column.

        Raises:
          InvalidArgumentError: see `values`.
        """
        found = self._plain_columns(lines)
        return list(zip(*[self.values(line, row) for row, line in enumerate(lines)])) if found is None else found

    _wide_columns = kept(columns)

    def _plain_columns(self, lines: list[bytes]) -> list[Any] | None:
        """The same, each column at once; None: a line has quotes, or something is to be looked at or refused alone."""
        text = b"".join(lines)
        if not all(lines) or b"\n" in text or b"\r" in text or self._quoted and b'"' in text:
            return None
        rows: list[Any] = [line.split(self._delimiter) for line in lines]
        if self._chosen:
            rows = [[fields[place] for place in self._chosen if place < len(fields)] for fields in rows]
        if {*map(len, rows)} != {len(self._columns)}:
            return None
        try:
            return [self._column(fields, *column) for fields, column in zip(zip(*rows), self._columns)]
        except ValueError:
            return None

    def _column(self, fields: Sequence[Any], dtype: Any, default: list[Any]) -> Any:
        """The values in a column.

        Raises:
          ValueError: one is missing, or may be none of its type.
        """
        text = b"" if dtype is dtypes.string else b"".join(fields)
        lacks = not self._missing.isdisjoint(fields)
        if lacks and not default:
            raise ValueError("a field is missing")
        if dtype is dtypes.string:
            return [default[0] if field in self._missing else field for field in fields] if lacks else fields
        if b"_" in text or (b"+" in text if dtype.is_integer else b"y" in text.lower()):
            raise ValueError("Python would take it for a number")
        if dtype.is_floating and max(map(len, fields)) >= LONG:
            raise ValueError("TensorFlow would take it for none")
        make = int if dtype.is_integer else float
        found = [default[0] if field in self._missing else make(field) for field in fields] if lacks else \
            list(map(make, fields))
        if dtype.is_integer and not dtype.min <= min(found) <= max(found) <= dtype.max:
            raise ValueError("a number is too large")
        return found

    def of_many(self, lines: list[bytes]) -> Sequence[Any]:
        """The columns of lines; their numbers are not yet rounded."""
        return self._wide_columns(lines) if self._wide else self.columns(lines)

    def of_one(self, line: bytes) -> tuple[Any, ...]:
        """The tensors of a single line."""
        found = self._wide_values(line, 0) if self._wide else self.values(line, 0)
        for dtype, places in self._numbers.items():
            try:
                numbers, tensors = self._rows[dtype].pop()
            except IndexError:
                numbers, tensors = self._more(dtype, len(places))
            with np.errstate(over="ignore"):  # what is too large for a type of few bits is infinite, as in TensorFlow
                numbers[:] = [found[place] for place in places]
            for place, tensor in zip(places, tensors):
                found[place] = tensor
        for place in self._strings:
            found[place] = single(found[place])
        return tuple(found)

    def _more(self, dtype: Any, count: int) -> tuple[Any, Sequence[Any]]:
        """Rows of so many numbers, and the tensors of each; one of them is handed out."""
        block = np.empty((max(1, _BLOCK // count), count), dtype.as_numpy_dtype)
        tensors = torch.from_numpy(block.ravel()).unbind(0)
        rows: list[tuple[Any, Sequence[Any]]] = [
            (row, tensors[start:start + count]) for row, start in zip(block, range(0, block.size, count))]
        made = rows.pop()
        self._rows[dtype] = rows
        return made


def _refused(defaults: Any) -> str | None:
    """TensorFlow's words for a run with defaults of these shapes."""
    for field, dims in enumerate(defaults):
        if len(dims) > 1:
            return "Each record default should be at most rank 1"
        if dims and dims[0] > 1:
            return f"There should only be 1 default per field but field {field} has {dims[0]}"
    return None


@op("DecodeCSV", memory="cut", check=lambda op, records, defaults: _refused(defaults), **HOST_STRINGS)
class DecodeCSV:
    """Lines of CSV -> a tensor for each column."""

    def shape(op, records, defaults):
        for dims in defaults:
            dims = shape_rules.with_rank_at_most(dims, 1)
            if dims and dims[0] is not None and dims[0] > 1:
                raise ValueError("Shape of a default must be a length-0 or length-1 vector, or a scalar.")
        return [records] * len(defaults)

    def kernel(op, records, record_defaults):
        layout = op.prepared
        if layout is None or not layout.holds(record_defaults):
            layout = op.prepared = _Layout(op, record_defaults)
        if not records.shape:
            return layout.of_one(records.item())
        columns = layout.of_many(records.ravel().tolist())
        with np.errstate(over="ignore"):
            return tuple(objects(column, records.shape) if dtype is dtypes.string else
                         torch.from_numpy(np.array(column, dtype.as_numpy_dtype).reshape(records.shape))
                         for column, dtype in zip(columns or [()] * len(layout.types), layout.types))
