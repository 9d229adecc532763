"""Data sets of tables: fields of CSV files, rows of SQL queries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.lazy import torch
from tfmagic.formats.streams import InputStream, lines
from tfmagic.ops.array.rules import single
from tfmagic.ops.data.datasets import Dataset, Element, Iteration
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.denormals import kept
from tfmagic.ops.strings.read_numbers import number


class CsvFiles(Dataset):
    """The records of CSV files.

    Args:
      filenames: string tensor.
      compression: "GZIP", "ZLIB" or "".
      header: whether the first line of each file is left out.
      delimiter: what stands between fields.
      quotes: whether quotes hold fields together.
      missing: a text that stands for no value, beside the empty one.
      columns: which fields are taken; all, where there are none.
      defaults: per field a tensor of one value for a missing one, or of none.
      types: the names of the types of the fields.
    """

    def __init__(self, filenames: Any, compression: Any, header: bool, delimiter: Any, quotes: bool, missing: Any,
                 columns: list[int], defaults: list[Any], types: list[str]):
        self.filenames = [name.decode() for name in np.asarray(filenames, object).ravel()]
        self.compression = _text(compression).decode()
        self.header, self.delimiter, self.quotes = header, _text(delimiter), quotes
        self.missing, self.columns, self.types = _text(missing), columns, types
        if len(self.delimiter) != 1:
            raise errors.InvalidArgumentError(None, None, "field_delim should be only 1 char")
        if columns and len(columns) != len(types):
            raise errors.InvalidArgumentError(None, None, "select_cols should match output size")
        if any(a >= b for a, b in zip(columns, columns[1:])) or columns and columns[0] < 0:
            raise errors.InvalidArgumentError(None, None, "select_cols should be strictly increasing indices")
        if self.compression not in ("", "ZLIB", "GZIP"):
            raise errors.InvalidArgumentError(None, None, f"Unsupported compression_type: {self.compression}.")
        self.defaults = [value.reshape(-1) if value.ndim == 0 or len(value) else None for value in defaults]

    def iterator(self) -> Iteration:
        return _OfCsv(self)


def _text(value: Any) -> bytes:
    return value.item() if isinstance(value, np.ndarray) else bytes(value)


class _OfCsv(Iteration):
    def __init__(self, dataset: CsvFiles):
        self._dataset, self._taken = dataset, 0
        self._records = self._all()
        self._failure: Exception | None = None

    def __next__(self) -> Element:
        if self._failure is not None:
            raise self._failure
        try:
            fields = next(self._records)
        except StopIteration:
            raise
        except Exception as error:  # of a file that cannot be read, again and again
            self._failure = error
            raise
        self._taken += 1
        if isinstance(fields, str):
            raise errors.InvalidArgumentError(None, None, fields)
        return self._values(fields)

    def _all(self) -> Iterator[Any]:
        """The fields of each record; for one that is malformed, what is wrong with it."""
        dataset = self._dataset
        for name in dataset.filenames:
            with lines(InputStream(name, dataset.compression)) as reader:
                if dataset.header and not reader.readline():
                    raise errors.InvalidArgumentError(None, None, "Can't read header of file")
                for line in reader:
                    line = line.removesuffix(b"\n").removesuffix(b"\r")
                    if not dataset.quotes or b'"' not in line:
                        yield line.split(dataset.delimiter)
                    else:
                        yield _quoted(line, dataset.delimiter, reader)

    @kept
    def _values(self, fields: list[bytes]) -> Element:
        dataset, count = self._dataset, len(self._dataset.types)
        if dataset.columns:
            fields = [fields[column] for column in dataset.columns if column < len(fields)]
        found = tuple([self._value(index, field) for index, field in enumerate(fields[:count])])
        if len(fields) > count:
            raise errors.InvalidArgumentError(None, None, f"Expect {count} fields but have more in record")
        if len(fields) < count and fields != [b""]:
            raise errors.InvalidArgumentError(None, None, f"Expect {count} fields but have {len(fields)} in record")
        return found

    def _value(self, index: int, field: bytes) -> Any:
        dataset = self._dataset
        kind = dataset.types[index]
        if field in (b"", dataset.missing):
            default = dataset.defaults[index]
            if default is None:
                raise errors.InvalidArgumentError(None, None, f"Field {index} is required but missing in record!")
            return default[0, ...] if isinstance(default, np.ndarray) else default[0]
        if kind == "string":
            return single(field)
        dtype = dtypes.as_dtype(kind)
        value = number(field, dtype)
        if value is None:
            raise errors.InvalidArgumentError(None, None, f"Field {index} in record is not a valid {dtype.proto_name}: "
                                              f"{field.decode(errors='replace')}")
        return torch.tensor(value, dtype=getattr(torch, kind))

    def state(self) -> Any:
        return self._taken

    def restore(self, state: Any) -> None:
        self._records, self._taken, self._failure = self._all(), state, None
        for _ in range(state):
            next(self._records)


def _quoted(line: bytes, delimiter: bytes, reader: Any) -> Any:
    """The fields of a record with quotes in it, which may go on in further lines; or what is wrong with it."""
    fields: list[bytes] = []
    position = 0
    while True:
        if line[position:position + 1] != b'"':
            end = line.find(delimiter, position)
            field = line[position:] if end < 0 else line[position:end]
            if b'"' in field:
                return "Unquoted fields cannot have quotes inside"
            fields.append(field)
        else:
            parts, start = [], position + 1
            while True:
                end = line.find(b'"', start)
                if end < 0:
                    more = reader.readline()
                    if not more:
                        return "Reached end of file without closing quoted field in record"
                    line += b"\n" + more.removesuffix(b"\n").removesuffix(b"\r")
                    continue
                parts.append(line[start:end])
                if line[end + 1:end + 2] != b'"':
                    break
                parts.append(b'"')
                start = end + 2
            fields.append(b"".join(parts))
            end += 1
            if end < len(line) and line[end:end + 1] != delimiter:
                rest = reader.readline()
                return "Quoted field has to end with delimiter, newline or EOF in record" if rest else \
                    "Reached end of file without closing quoted field in record"
            end = end if end < len(line) else -1
        if end < 0:
            return fields
        position = end + 1


class SqlRows(Dataset):
    """The rows of a query.

    Args:
      driver: "sqlite".
      source: the file of the data base.
      query: the query.
      types: the types of the columns, as names.
    """

    def __init__(self, driver: Any, source: Any, query: Any, types: list[str]):
        name = _text(driver).decode()
        if name != "sqlite":
            raise errors.InvalidArgumentError(None, None, f"The database type, {name}, is not supported by SqlDataset. "
                                              "The set of supported databases is: {'sqlite'}.")
        self.source, self.query, self.types = _text(source).decode(), _text(query).decode(), types

    def iterator(self) -> Iteration:
        return _OfSql(self)


class _OfSql(Iteration):
    def __init__(self, dataset: SqlRows):
        self._dataset, self._taken = dataset, 0
        self._rows: Iterator[tuple[Any, ...]] | None = None

    def __next__(self) -> Element:
        if self._rows is None:
            self._rows = self._begun()
        row = next(self._rows)
        self._taken += 1
        if len(row) != len(self._dataset.types):
            raise errors.InvalidArgumentError(None, None, f"The number of columns in query ({len(row)}) must match the "
                                              f"number of elements in output_types ({len(self._dataset.types)}).")
        return tuple([_cell(value, kind) for value, kind in zip(row, self._dataset.types)])

    def _begun(self) -> Iterator[tuple[Any, ...]]:
        dataset = self._dataset
        try:
            connection = sqlite3.connect(f"file:{dataset.source}?mode=ro", uri=True, check_same_thread=False)
            connection.text_factory = bytes
            return iter(connection.execute(dataset.query).fetchall())
        except sqlite3.Error as error:
            raise errors.InvalidArgumentError(None, None, f"Sqlite query failed: {error}") from None

    def state(self) -> Any:
        return self._taken

    def restore(self, state: Any) -> None:
        self._rows, self._taken = self._begun(), state
        for _ in range(state):
            next(self._rows)


def _cell(value: Any, kind: str) -> Any:
    if kind == "string":
        return single(b"" if value is None else value if isinstance(value, bytes) else str(value).encode())
    number = 0 if value is None else float(value) if kind.startswith("float") else int(value)
    return torch.tensor(bool(number) if kind == "bool" else number, dtype=getattr(torch, kind))


def csv_files(filenames: Any, compression: Any, header: bool, delimiter: Any, quotes: bool, missing: Any,
              columns: list[int], defaults: tuple[Any, ...], types: tuple[str, ...]) -> Dataset:
    """The data set of CSV files."""
    return CsvFiles(filenames, compression, header, delimiter, quotes, missing, columns, list(defaults), list(types))


def sql_rows(driver: Any, source: Any, query: Any, types: tuple[str, ...]) -> Dataset:
    """The data set of a query."""
    return SqlRows(driver, source, query, list(types))


for _name in ("CSVDataset", "ExperimentalCSVDataset"):
    register(_name, handle("header", "field_delim", "use_quote_delim", "na_value"),
             lambda op, names, compression, size, header, delimiter, quotes, missing, columns, defaults: op.call(
                 csv_files, names, compression, header, delimiter, quotes, missing, columns, tuple(defaults),
                 tuple(t.name for t in op.output_types)),
             host=("header", "use_quote_delim", "select_cols"), objects=True)
for _name in ("SqlDataset", "ExperimentalSqlDataset"):
    register(_name, handle("driver_name", "data_source_name", "query"), lambda op, driver, source, query: op.call(
        sql_rows, driver, source, query, tuple(t.name for t in op.output_types)), objects=True)
