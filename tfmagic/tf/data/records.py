"""Datasets of whole files: make_csv_dataset, make_batched_features_dataset, parse_example_dataset."""

from __future__ import annotations

import csv
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.formats.gfile import GFile, glob
from tfmagic.graph.convert import constant
from tfmagic.graph.type_spec import SparseTensorSpec, TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data.dataset import AUTOTUNE, DatasetV2
from tfmagic.tf.data.dataset_v1 import DatasetV1, DatasetV1Adapter
from tfmagic.tf.data.experimental.elementwise import ignore_errors as without_errors
from tfmagic.tf.data.experimental.elementwise import shuffle_and_repeat
from tfmagic.tf.data.experimental.interleaving import parallel_interleave
from tfmagic.tf.data.experimental.tables import CsvDatasetV1
from tfmagic.tf.data.readers import TFRecordDatasetV1
from tfmagic.tf.parsing.examples import ALL_FEATURES, Wanted

_FILES_AT_A_TIME = 24
_NUMBERS = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


def _repeated(dataset: Any, num_epochs: int | None, shuffle: bool, shuffle_buffer_size: Any,
              shuffle_seed: Any) -> Any:
    """A dataset shuffled and repeated as asked for."""
    if not shuffle:
        return dataset if num_epochs == 1 else dataset.repeat(num_epochs)
    if num_epochs == 1:
        return dataset.shuffle(shuffle_buffer_size, shuffle_seed)
    return dataset.apply(shuffle_and_repeat(shuffle_buffer_size, num_epochs, shuffle_seed))


# --- CSV ----------------------------------------------------------------------------------------------------------


class _Files:
    """CSV files from whose text names and types of columns are known."""

    def __init__(self, names: Sequence[Any], delimiter: str, quotes: bool, header: bool):
        self.names, self.header = names, header
        self._style: dict[str, Any] = {"delimiter": delimiter,
                                       "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE}

    def column_names(self) -> list[str]:
        """The names in the first line of each file.

        Raises:
          ValueError: there is none, or files have different ones.
        """
        if not self.header:
            raise ValueError("Cannot infer column names without a header line.")
        found: list[str] | None = None
        for name in self.names:
            with GFile(name) as file:
                line = self._first(csv.reader(file, **self._style), name)
            if found is None:
                found = line
            elif line != found:
                raise ValueError("Files have different column names in the header row.")
        assert found is not None
        return found

    @staticmethod
    def _first(lines: Iterator[list[str]], name: Any) -> list[str]:
        line = next(lines, None)
        if line is None:
            raise ValueError(f"Received StopIteration when reading the header line of {name}.  Empty file?")
        return line

    def rows(self, count: int) -> Any:
        """The fields of each line.

        Raises:
          ValueError: a line has more or fewer.
        """
        for name in self.names:
            with GFile(name) as file:
                reader = csv.reader(file, **self._style)
                if self.header:
                    self._first(reader, name)
                for row in reader:
                    if len(row) != count:
                        raise ValueError("Problem inferring types: CSV row has different number of fields than "
                                         "expected.")
                    yield row

    def types(self, count: int, selected: Sequence[int], limit: int | None, missing: str) -> list[Any]:
        """The types of some columns: the first of _NUMBERS that holds all values, else string."""
        found: list[Any] = [None] * len(selected)
        for number, row in enumerate(self.rows(count)):
            if limit is not None and number >= limit:
                break
            for place, column in enumerate(selected):
                found[place] = _type_of(row[column], found[place], missing)
        return [dtype or dtypes.string for dtype in found]


def _type_of(text: str, known: Any, missing: str) -> Any:
    """The type of a column that has had values of a known type, and has this one too."""
    if text in ("", missing):
        return known
    if known is dtypes.string:
        return known
    try:
        value: Any = int(text)
    except ValueError:
        value = None
    for dtype in _NUMBERS[_NUMBERS.index(known) if known in _NUMBERS else 0:]:
        if _holds(dtype, value, text):
            return dtype
    return dtypes.string


def _holds(dtype: Any, whole: int | None, text: str) -> bool:
    if dtype.is_integer:
        return whole is not None and dtype.min <= whole <= dtype.max
    try:
        value = float(text)
    except ValueError:
        return False
    return dtype is dtypes.float64 or abs(value) <= float(dtypes.float32.max)


def _selected(names: Sequence[str], columns: Sequence[Any]) -> list[int]:
    """The numbers of columns that are given by number or name.

    Raises:
      ValueError: there is no such column, or one is given twice.
    """
    found = []
    for column in columns:
        if isinstance(column, int):
            if column < 0 or column >= len(names):
                raise ValueError(f"Column index {column} specified in select_columns out of valid range.")
            found.append(column)
        elif column in names:
            found.append(list(names).index(column))
        else:
            raise ValueError(f"Value '{column}' specified in select_columns not a valid column index or name.")
    if len(set(found)) != len(found):
        raise ValueError("select_columns contains duplicate columns")
    return sorted(found)


def _default_of(given: Any) -> Any:
    """A column's default as a tensor: one that is a type says that values must be there."""
    try:
        return constant([], dtype=dtypes.as_dtype(given))
    except TypeError:
        return given


def _matching(patterns: Any) -> list[Any]:
    """The files that patterns name, in order.

    Raises:
      ValueError: none.
    """
    if isinstance(patterns, (list, tuple)):
        if not patterns:
            raise ValueError("File pattern is empty.")
        found = [name for pattern in patterns for name in glob(pattern)]
    else:
        found = list(glob(patterns))
    if not found:
        raise ValueError(f"No files match {patterns}.")
    return sorted(found)


@export("data.experimental.make_csv_dataset")
def make_csv_dataset(file_pattern: Any, batch_size: Any, column_names: Any = None, column_defaults: Any = None,
                     label_name: str | None = None, select_columns: Any = None, field_delim: str = ",",
                     use_quote_delim: bool = True, na_value: str = "", header: bool = True,
                     num_epochs: int | None = None, shuffle: bool = True, shuffle_buffer_size: int = 10000,
                     shuffle_seed: int | None = None, prefetch_buffer_size: Any = None,
                     num_parallel_reads: int | None = None, sloppy: bool = False, num_rows_for_inference: Any = 100,
                     compression_type: Any = None, ignore_errors: bool = False) -> DatasetV1:
    """Batches of the columns of CSV files, by name.

    Args:
      file_pattern: names or patterns of files.
      batch_size: how many records make a batch.
      column_names: names of all columns; None: those in the first line.
      column_defaults: per column that is taken a type, or what stands for missing values; None: what the first lines
        tell.
      label_name: the column that is given apart.
      select_columns: the columns that are taken, by number or name.
      field_delim, use_quote_delim, na_value, header, compression_type: as in `CsvDataset`.
      num_epochs: how often the files are gone through; None: without end.
      shuffle, shuffle_buffer_size, shuffle_seed: whether and how records are shuffled.
      prefetch_buffer_size: how many batches are made in advance.
      num_parallel_reads: from how many files records are read by turns.
      sloppy: whether the order may depend on which file is read sooner.
      num_rows_for_inference: how many lines tell the types; None: all.
      ignore_errors: whether records that cannot be read are left out.

    Raises:
      ValueError: no files, or columns that do not fit.
    """
    filenames = _matching(file_pattern)
    files = _Files(filenames, field_delim, use_quote_delim, header)
    dataset = DatasetV1.from_tensor_slices(filenames)
    if shuffle:
        dataset = dataset.shuffle(len(filenames), shuffle_seed)
    if column_names is None:
        column_names = files.column_names()
    if len(column_names) != len(set(column_names)):
        raise ValueError("Cannot have duplicate column names.")
    if select_columns is not None:
        select_columns = _selected(column_names, select_columns)
    if column_defaults is not None:
        column_defaults = [_default_of(each) for each in column_defaults]
    else:
        chosen = range(len(column_names)) if select_columns is None else select_columns
        column_defaults = [constant([0 if dtype in _NUMBERS else ""], dtype=dtype) for dtype in
                           files.types(len(column_names), list(chosen), num_rows_for_inference, na_value)]
    if select_columns is not None:
        column_names = [column_names[index] for index in select_columns]
    if label_name is not None and label_name not in column_names:
        raise ValueError("`label_name` provided must be one of the columns.")

    def filename_to_dataset(filename: Any) -> Any:
        made = CsvDatasetV1(filename, record_defaults=column_defaults, field_delim=field_delim,
                            use_quote_delim=use_quote_delim, na_value=na_value, select_cols=select_columns,
                            header=header, compression_type=compression_type)
        return made.apply(without_errors()) if ignore_errors else made

    def map_fn(*columns: Any) -> Any:
        features = OrderedDict(zip(column_names, columns))
        if label_name is None:
            return features
        label = features.pop(label_name)
        return features, label

    dataset = dataset.apply(parallel_interleave(filename_to_dataset, cycle_length=num_parallel_reads or 1,
                                                            sloppy=sloppy))
    dataset = _repeated(dataset, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size=batch_size, drop_remainder=num_epochs is None)
    dataset = DatasetV1Adapter(dataset._mapped(map_fn, None, use_inter_op_parallelism=False,
                                               preserve_cardinality=False))
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


# --- examples -----------------------------------------------------------------------------------------------------


@export("data.experimental.parse_example_dataset")
def parse_example_dataset(features: dict[Any, Any], num_parallel_calls: Any = 1) -> Callable[[Any], Any]:
    """The features of batches of serialized examples.

    Args:
      features: a `FixedLenFeature`, `VarLenFeature`, … by name.
      num_parallel_calls: how many batches are parsed at the same time.

    Raises:
      ValueError: no features.
    """
    if features is None:
        raise ValueError("Missing: features was None.")

    def transform(dataset: DatasetV2) -> DatasetV2:
        spec = dataset.element_spec
        if not isinstance(spec, TensorSpec) or spec.dtype != dtypes.string or spec.shape.ndims != 1:
            raise TypeError("Input dataset should be a dataset of vectors of strings")
        wanted = Wanted().add(features, ALL_FEATURES)
        if not wanted.sparse_keys and not wanted.dense_keys:
            raise ValueError("Must provide at least one sparse key or dense key")
        size = spec.shape.as_list()[0]
        specs: dict[Any, Any] = {key: SparseTensorSpec([size, None], dtype)
                                 for key, dtype in zip(wanted.sparse_keys, wanted.sparse_types)}
        specs.update({key: TensorSpec([size, *shape.as_list()], dtype) for key, dtype, shape in zip(
            wanted.dense_keys, wanted.dense_types, wanted.dense_shapes)})
        specs = {key: specs[key] for key in sorted(specs)}
        defaults = wanted.defaults()
        made = dataset._derived(
            raw.parse_example_dataset, num_parallel_calls, defaults,
            spec=specs, sparse_keys=wanted.sparse_keys, dense_keys=wanted.dense_keys,
            sparse_types=wanted.sparse_types, dense_shapes=wanted.dense_shapes)
        if wanted.merged:
            return made.map(lambda found: wanted.merge(found, features), num_parallel_calls=num_parallel_calls)
        return made

    return transform


@export("data.experimental.make_batched_features_dataset")
def make_batched_features_dataset(file_pattern: Any, batch_size: Any, features: dict[Any, Any],
                                  reader: Any = TFRecordDatasetV1, label_key: Any = None, reader_args: Any = None,
                                  num_epochs: int | None = None, shuffle: bool = True,
                                  shuffle_buffer_size: int = 10000, shuffle_seed: int | None = None,
                                  prefetch_buffer_size: Any = None, reader_num_threads: int | None = None,
                                  parser_num_threads: int | None = None, sloppy_ordering: bool = False,
                                  drop_final_batch: bool = False) -> DatasetV1:
    """Batches of the features of the examples in files.

    Args:
      file_pattern: names or patterns of files.
      batch_size: how many examples make a batch.
      features: a `FixedLenFeature`, `VarLenFeature`, … by name.
      reader: makes a dataset of a file.
      label_key: the feature that is given apart.
      reader_args: further arguments of `reader`.
      num_epochs: how often the files are gone through; None: without end.
      shuffle, shuffle_buffer_size, shuffle_seed: whether and how examples are shuffled.
      prefetch_buffer_size: how many batches are made in advance.
      reader_num_threads: from how many files examples are read by turns.
      parser_num_threads: how many batches are parsed at the same time.
      sloppy_ordering: whether the order may depend on which file is read sooner.
      drop_final_batch: whether the last batch is left out when it is smaller.

    Raises:
      TypeError: `reader` makes no dataset.
      ValueError: there is no such label.
    """
    dataset = DatasetV1.list_files(file_pattern, shuffle, shuffle_seed)
    if isinstance(reader, type) and not issubclass(reader, DatasetV2):
        raise TypeError("The `reader` argument must return a `Dataset` object. `tf.ReaderBase` subclasses are not "
                        "supported. For example, pass `tf.data.TFRecordDataset` instead of `tf.TFRecordReader`.")
    arguments = reader_args or []
    dataset = dataset.apply(parallel_interleave(
        lambda filename: reader(filename, *arguments), cycle_length=reader_num_threads or 1, sloppy=sloppy_ordering))
    if dataset.element_spec is not None and isinstance(dataset.element_spec, tuple):
        if len(dataset.element_spec) != 2:
            raise ValueError("Reader must return a dataset of records, or of pairs of a key and a record.")
        dataset = dataset.map(lambda _, record: record)
    dataset = _repeated(dataset, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    dataset = dataset.apply(parse_example_dataset(features, num_parallel_calls=parser_num_threads or 2))
    if label_key:
        if label_key not in features:
            raise ValueError(f"The `label_key` provided ({label_key!r}) must be one of the `features` keys.")
        dataset = dataset.map(lambda found: (found, found.pop(label_key)))
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


def make_tf_record_dataset(file_pattern: Any, batch_size: Any, parser_fn: Callable[..., Any] | None = None,
                           num_epochs: int | None = None, shuffle: bool = True, shuffle_buffer_size: int | None = None,
                           shuffle_seed: int | None = None, prefetch_buffer_size: Any = None,
                           num_parallel_reads: int | None = None, num_parallel_parser_calls: int | None = None,
                           drop_final_batch: bool = False) -> DatasetV1:
    """Batches of the records of TFRecord files.

    Args:
      file_pattern: names or patterns of files.
      batch_size: how many records make a batch.
      parser_fn: a function of each record.
      num_epochs: how often the files are gone through; None: without end.
      shuffle, shuffle_buffer_size, shuffle_seed: whether and how records are shuffled.
      prefetch_buffer_size: how many batches are made in advance; 0: none.
      num_parallel_reads: from how many files records are read by turns.
      num_parallel_parser_calls: how many records are parsed at the same time.
      drop_final_batch: whether the last batch is left out when it is smaller.
    """
    files = DatasetV1.list_files(file_pattern, shuffle=shuffle, seed=shuffle_seed)
    # Where nobody says it, many files are read by turns.
    dataset: Any = TFRecordDatasetV1(files, num_parallel_reads=num_parallel_reads or _FILES_AT_A_TIME)
    dataset = _repeated(dataset, num_epochs, shuffle, 10000 if shuffle_buffer_size is None
                        else shuffle_buffer_size, shuffle_seed)
    if parser_fn is not None:
        dataset = dataset.map(parser_fn, num_parallel_calls=num_parallel_parser_calls or batch_size)
    dataset = dataset.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    if prefetch_buffer_size == 0:
        return dataset
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)
