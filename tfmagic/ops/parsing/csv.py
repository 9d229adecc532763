"""DecodeCSV: the fields of lines, separated by a character."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS

_WHOLE = re.compile(rb"\s*-?[0-9]+\s*")
_REAL = re.compile(rb"\s*[-+]?([0-9]+\.?[0-9]*([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?|inf(inity)?|nan)\s*", re.I)


def fields_of(line: bytes, delimiter: bytes, quoted: bool) -> list[bytes]:
    """The fields of a record.

    Raises:
      InvalidArgumentError: quotes stand where none may.
    """
    if not line:
        return []
    if not quoted:
        return line.split(delimiter)
    if b'"' not in line:
        if b"\n" in line or b"\r" in line:
            raise invalid("Unquoted fields cannot have quotes/CRLFs inside")
        return line.split(delimiter)
    fields: list[bytes] = []
    at, size = 0, len(line)
    while at <= size:
        if line[at:at + 1] != b'"':
            end = line.find(delimiter, at)
            end = size if end < 0 else end
            field = line[at:end]
            if any(mark in field for mark in (b'"', b"\n", b"\r")):
                raise invalid("Unquoted fields cannot have quotes/CRLFs inside")
            fields.append(field)
            at = end + 1
            continue
        at += 1
        parts = []
        while True:
            end = line.find(b'"', at)
            if end < 0:
                raise invalid("Quoted field has to end with quote followed by delim or end")
            parts.append(line[at:end])
            after = line[end + 1:end + 2]
            if after != b'"':
                break
            parts.append(b'"')
            at = end + 2
        if after not in (b"", delimiter):
            raise invalid("Quote inside a string has to be escaped by another quote")
        fields.append(b"".join(parts))
        at = end + 2
    return fields


def _number(field: bytes, dtype: Any) -> Any:
    """A field as a number, or None where it is none."""
    if dtype.is_integer:
        value = int(field) if _WHOLE.fullmatch(field) else None
        return value if value is not None and dtype.min <= value <= dtype.max else None
    return float(field) if _REAL.fullmatch(field) else None


def _refused(defaults: Any) -> str | None:
    """TensorFlow's words for a run with defaults of these shapes."""
    for field, dims in enumerate(defaults):
        if len(dims) > 1:
            return "Each record default should be at most rank 1"
        if dims and dims[0] > 1:
            return f"There should only be 1 default per field but field {field} has {dims[0]}"
    return None


@op("DecodeCSV", check=lambda op, records, defaults: _refused(defaults), **HOST_STRINGS)
class DecodeCSV:
    """Lines of CSV -> a tensor for each column."""

    def shape(op, records, defaults):
        for dims in defaults:
            dims = shape_rules.with_rank_at_most(dims, 1)
            if dims and dims[0] is not None and dims[0] > 1:
                raise ValueError("Shape of a default must be a length-0 or length-1 vector, or a scalar.")
        return [records] * len(defaults)

    def kernel(op, records, record_defaults):
        delimiter = op.field_delim.encode() if isinstance(op.field_delim, str) else op.field_delim
        if len(delimiter) != 1:
            raise invalid("field_delim should be only 1 char")
        missing = {b"", op.na_value.encode() if isinstance(op.na_value, str) else op.na_value}
        chosen = list(op.select_cols)
        if chosen and len(chosen) != len(record_defaults):
            raise invalid("select_cols should match output size")
        if any(place <= before for before, place in itertools.pairwise([-1, *chosen])):
            raise invalid("select_cols should be strictly increasing indices")
        defaults = [as_array(default).ravel().tolist() for default in record_defaults]
        count, columns = len(defaults), [[] for _ in defaults]
        for row, line in enumerate(records.ravel().tolist()):
            fields = fields_of(line, delimiter, op.use_quote_delim)
            if chosen:
                fields = [fields[place] for place in chosen if place < len(fields)]
            if len(fields) != count:
                raise invalid(f"Expect {count} fields but have {len(fields)} in record {row}")
            for place, (field, dtype) in enumerate(zip(fields, op.OUT_TYPE)):
                if field in missing:
                    if not defaults[place]:
                        raise invalid(f"Field {place} is required but missing in record {row}!")
                    value = defaults[place][0]
                elif dtype is dtypes.string:
                    value = field
                else:
                    value = _number(field, dtype)
                    if value is None:
                        raise invalid(f"Field {place} in record {row} is not a valid {dtype.proto_name}: "
                                      f"{field.decode(errors='replace')}")
                columns[place].append(value)
        return tuple(objects(column, records.shape) if dtype is dtypes.string else
                     torch.from_numpy(np.array(column, dtype.as_numpy_dtype).reshape(records.shape))
                     for column, dtype in zip(columns, op.OUT_TYPE))
