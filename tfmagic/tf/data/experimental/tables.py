"""Datasets of tables: CSV files, queries of SQL data bases."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.dataset import Node
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter

_BUFFER = 4 * 1024 * 1024


@export("data.experimental.CsvDataset")
class CsvDatasetV1(DatasetV1Adapter):
    """The records of CSV files, a tensor per field.

    Args:
      filenames: names of files.
      record_defaults: per field its type where it is required, else a value for where it is missing.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: how many bytes are read at a time.
      header: whether the first line of each file is left out.
      field_delim: what stands between fields.
      use_quote_delim: whether quotes hold fields together.
      na_value: a text that stands for no value, beside the empty one.
      select_cols: which fields are taken (by default, all).
    """

    def __init__(self, filenames: Any, record_defaults: Any, compression_type: Any = None, buffer_size: Any = None,
                 header: Any = False, field_delim: Any = ",", use_quote_delim: Any = True, na_value: Any = "",
                 select_cols: Any = None):
        names = convert_to_tensor(filenames, dtypes.string, "filenames")
        compression = convert_to_tensor("" if compression_type is None else compression_type, dtypes.string,
                                        "compression_type")
        defaults = [_default(value) for value in record_defaults]
        tensors = [value if value is not None else convert_to_tensor(given, name=f"record_defaults_{index}")
                   for index, (value, given) in enumerate(zip(defaults, record_defaults))]
        size = convert_to_tensor(_BUFFER if buffer_size is None else buffer_size, dtypes.int64, "buffer_size")
        skips = convert_to_tensor(header, dtypes.bool_, "header")
        delimiter = convert_to_tensor(field_delim, dtypes.string, "field_delim")
        quotes = convert_to_tensor(use_quote_delim, dtypes.bool_, "use_quote_delim")
        missing = convert_to_tensor(na_value, dtypes.string, "na_value")
        columns = convert_to_tensor([] if select_cols is None else select_cols, dtypes.int64, "select_cols")
        spec = tuple(TensorSpec([], tensor.dtype) for tensor in tensors)
        variant = raw.csv_dataset(names, compression, size, skips, delimiter, quotes, missing, columns,
                                  tensors, structure.flat_attrs(spec)["output_shapes"])
        super().__init__(Node(variant, spec))


def _default(given: Any) -> Tensor | None:
    """The tensor of a field's default, where it is one or a type."""
    if isinstance(given, Tensor):
        return given
    try:
        return constant([], dtypes.as_dtype(given))  # numbers and names of types too
    except TypeError:
        return None


@export("data.experimental.SqlDataset")
class SqlDatasetV1(DatasetV1Adapter):
    """The rows of a query.

    Args:
      driver_name: "sqlite".
      data_source_name: the file of the data base.
      query: the query.
      output_types: a tuple of the types of the columns.
    """

    def __init__(self, driver_name: Any, data_source_name: Any, query: Any, output_types: Any):
        texts = [convert_to_tensor(value, dtypes.string, name) for value, name in (
            (driver_name, "driver_name"), (data_source_name, "data_source_name"), (query, "query"))]
        spec = nest.map_structure(lambda dtype: TensorSpec([], dtype), output_types)
        super().__init__(Node(raw.sql_dataset(*texts, **structure.flat_attrs(spec)), spec))
