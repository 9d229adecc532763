"""String functions that give ragged tensors: parts and characters of strings, code points, n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.tf.ragged.arrays import expand_dims
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor

# --- parts of strings -------------------------------------------------------------------------------------------


@export("strings.bytes_split")
def string_bytes_split(input: Any, name: str | None = None) -> Any:
    """The bytes of each string.

    Args:
      input: a string tensor or ragged tensor of known rank.
      name: a scope for the nodes.

    Returns:
      A `RaggedTensor` with one dimension more than `input`; a vector for a scalar.

    Raises:
      ValueError: the rank is unknown.
    """
    with name_scope(name, "StringsByteSplit", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, name="input")
        if isinstance(input, RaggedTensor):
            return input.with_flat_values(string_bytes_split(input.flat_values))
        rank = input.shape.ndims
        if rank is None:
            raise ValueError("input must have a statically-known rank.")
        if rank == 0:
            return string_bytes_split(api.stack([input]))[0]
        if rank > 1:
            return string_bytes_split(RaggedTensor.from_tensor(input, ragged_rank=rank - 1))
        return _rows(*raw.string_split(input, delimiter="", skip_empty=False))


def _rows(indices: Tensor, values: Tensor, dense_shape: Tensor) -> RaggedTensor:
    """The parts of a sparse matrix as rows."""
    return RaggedTensor.from_value_rowids(values=values, value_rowids=indices[:, 0], nrows=dense_shape[0],
                                          validate=False)


def _cut(source: Any, delimiter: Any, skip_empty: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The parts of strings as those of a sparse matrix: indices, values, shape."""
    delimiter = convert_to_tensor(" " if delimiter is None else delimiter, dtype=dtypes.string)
    source = convert_to_tensor(source, dtype=dtypes.string)
    indices, values, shape = raw.string_split(source, delimiter, skip_empty=skip_empty)
    indices.set_shape([None, 2])
    values.set_shape([None])
    shape.set_shape([2])
    return indices, values, shape


def string_split_sparse(source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = None) -> SparseTensor:
    """`string_split` of `tensorflow.python.ops.string_ops`, which knows no ragged tensors and opens no scope."""
    return SparseTensor(*_cut(source, deprecated_argument_lookup("sep", sep, "delimiter", delimiter), skip_empty))


@export("string_split")
@deprecated_args(None, "delimiter is deprecated, please use sep instead.", "delimiter")
def string_split(source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = None,
                 result_type: str = "SparseTensor", name: str | None = None) -> Any:
    """Each string of a vector cut at every character of a delimiter.

    Args:
      source: string tensor of shape [n].
      sep: the characters to cut at, a space by default (also called `delimiter`); "" cuts into bytes.
      skip_empty: whether to leave out empty parts.
      result_type: "SparseTensor" or "RaggedTensor".

    Returns:
      A `SparseTensor` of shape [n, most parts], or a `RaggedTensor` of shape [n, None].

    Raises:
      ValueError: `result_type` is something else.
    """
    delimiter = deprecated_argument_lookup("sep", sep, "delimiter", delimiter)
    with name_scope(name, "StringSplit", [source]):
        indices, values, shape = _cut(source, delimiter, skip_empty)
        if result_type == "SparseTensor":
            return SparseTensor(indices, values, shape)
        if result_type == "RaggedTensor":
            return _rows(indices, values, shape)
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


@export("strings.split")
def strings_split_v1(input: Any = None, sep: Any = None, maxsplit: int = -1, result_type: str = "SparseTensor",
                     source: Any = None, name: str | None = None) -> Any:
    """Each string cut as Python's `str.split` does it.

    Args:
      input: a string tensor or ragged tensor (also called `source`).
      sep: the string to cut at; by default runs of white space.
      maxsplit: the most cuts, -1 for any number.
      result_type: "SparseTensor" or "RaggedTensor".

    Returns:
      The parts, in one dimension more than `input` has.

    Raises:
      ValueError: `result_type` is something else.
    """
    input = deprecated_argument_lookup("input", input, "source", source)
    with name_scope(name, "StringSplit", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, dtype=dtypes.string, name="input")
        if result_type == "SparseTensor" and isinstance(input, Tensor) and input.shape.ndims == 1:
            return split_vector(input, sep, maxsplit)
        parts = string_split_v2(input, sep, maxsplit)
        if result_type == "SparseTensor":
            return parts.to_sparse()
        if result_type == "RaggedTensor":
            return parts
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


def split_vector(source: Any, sep: Any = None, maxsplit: int = -1) -> SparseTensor:
    """Each string of a vector cut as `str.split` does it: `string_split_v2` of `tensorflow.python.ops.string_ops`.

    Args:
      source: strings of shape [n].
      sep: the string to cut at; by default runs of white space.
      maxsplit: the most cuts, -1 for any number.

    Returns:
      The parts: [n, most parts].
    """
    sep = convert_to_tensor("" if sep is None else sep, dtype=dtypes.string)
    source = convert_to_tensor(source, dtype=dtypes.string)
    indices, values, shape = raw.string_split_v2(source, sep, maxsplit=maxsplit)
    indices.set_shape([None, 2])
    values.set_shape([None])
    shape.set_shape([2])
    return SparseTensor(indices, values, shape)


def string_split_v2(input: Any, sep: Any = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """`tf.strings.split` of TensorFlow 2: the parts as a `RaggedTensor`, of a scalar as a vector."""
    with name_scope(name, "StringSplit", [input]):
        input = convert_to_tensor_or_ragged_tensor(input, dtype=dtypes.string, name="input")
        if isinstance(input, RaggedTensor):
            return input.with_flat_values(string_split_v2(input.flat_values, sep, maxsplit))
        rank = input.shape.ndims
        if rank == 0:
            return string_split_v2(api.stack([input]), sep, maxsplit)[0]
        if rank is not None and rank > 1:
            return string_split_v2(RaggedTensor.from_tensor(input, ragged_rank=rank - 1), sep, maxsplit)
        parts = split_vector(input, sep, maxsplit)
        return _rows(parts.indices, parts.values, parts.dense_shape)


# --- characters -------------------------------------------------------------------------------------------------


@export("strings.unicode_encode")
def unicode_encode(input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = 65533,
                   name: str | None = None) -> Any:
    """Strings from code points.

    Args:
      input: int32 tensor or ragged tensor of rank 1 or more: each row is a string.
      output_encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE".
      errors: "replace", "ignore" or "strict".
      replacement_char: the code point that takes the place of what is none.

    Raises:
      ValueError: the rank is unknown or 0.
    """
    with name_scope(name, "UnicodeEncode", [input]):
        input = convert_to_tensor_or_ragged_tensor(input)
        rank: Any = input.shape.ndims
        if rank is None:
            raise ValueError("Rank of input_tensor must be statically known.")

        def again(value: Any) -> Any:
            return unicode_encode(value, output_encoding, errors, replacement_char)

        def encoded(values: Any, splits: Any) -> Tensor:
            return raw.unicode_encode(values, splits, output_encoding=output_encoding, errors=errors,
                                      replacement_char=replacement_char)

        if isinstance(input, RaggedTensor):
            inner: Any = input.flat_values.shape.ndims
            if inner > 1:
                return input.with_flat_values(again(input.flat_values))
            if input.ragged_rank > 1:
                return input.with_values(again(input.values))
            return encoded(input.values, input.row_splits)
        if rank == 2:
            return again(RaggedTensor.from_tensor(input))
        if rank > 2:
            flat = shape_ops.reshape(input, api.stack([-1, shape_ops.shape(input)[-1]]))
            return shape_ops.reshape(again(flat), input.shape[:-1])
        if rank == 0:
            raise ValueError("input_tensor's rank must be at least 1.")
        whole = RaggedTensor.from_row_splits(input, api.stack([0, shape_ops.shape(input, out_type=dtypes.int32)[0]]),
                                             validate=False)
        return shape_ops.reshape(again(whole), [])


@export("strings.unicode_decode")
def unicode_decode(input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
                   replace_control_characters: bool = False, name: str | None = None) -> Any:
    """The code points of each string.

    Args:
      input: string tensor or ragged tensor of known rank.
      input_encoding: an encoding that is known, "UTF-8" say.
      errors: "replace", "ignore" or "strict".
      replacement_char: the code point that takes the place of what cannot be decoded.
      replace_control_characters: whether control characters are replaced too.

    Returns:
      int32: a `RaggedTensor` with one dimension more; a vector for a scalar.

    Raises:
      ValueError: the rank is unknown.
    """
    with name_scope(name, "UnicodeDecode", [input]):
        return _decoded(input, input_encoding, errors, replacement_char, replace_control_characters, False)


@export("strings.unicode_decode_with_offsets")
def unicode_decode_with_offsets(input: Any, input_encoding: str, errors: str = "replace",
                                replacement_char: int = 65533, replace_control_characters: bool = False,
                                name: str | None = None) -> tuple[Any, Any]:
    """The code points of each string, and at which byte each begins.

    Args:
      input, input_encoding, errors, replacement_char, replace_control_characters, name: as for
        `tf.strings.unicode_decode`.
    """
    with name_scope(name, "UnicodeDecodeWithOffsets", [input]):
        return _decoded(input, input_encoding, errors, replacement_char, replace_control_characters, True)


@export("strings.unicode_split")
def unicode_split(input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
                  name: str | None = None) -> Any:
    """The characters of each string, as strings in the same encoding.

    Args:
      input, input_encoding, errors, replacement_char, name: as for `tf.strings.unicode_decode`.
    """
    with name_scope(name, "UnicodeSplit", [input]):
        points = _decoded(input, input_encoding, errors, replacement_char, False, False)
        return unicode_encode(expand_dims(points, -1), output_encoding=input_encoding, errors=errors,
                              replacement_char=replacement_char)


@export("strings.unicode_split_with_offsets")
def unicode_split_with_offsets(input: Any, input_encoding: str, errors: str = "replace",
                               replacement_char: int = 65533, name: str | None = None) -> tuple[Any, Any]:
    """The characters of each string, and at which byte each begins.

    Args:
      input, input_encoding, errors, replacement_char, name: as for `tf.strings.unicode_decode`.
    """
    with name_scope(name, "UnicodeSplitWithOffsets", [input]):
        points, offsets = _decoded(input, input_encoding, errors, replacement_char, False, True)
        characters = unicode_encode(expand_dims(points, -1), output_encoding=input_encoding, errors=errors,
                                    replacement_char=replacement_char)
        return characters, offsets


def _decoded(input: Any, encoding: str, errors: str, replacement_char: int, controls: bool, offsets: bool) -> Any:
    input = convert_to_tensor_or_ragged_tensor(input, name="input")
    rank: Any = input.shape.ndims
    if rank is None:
        raise ValueError("Rank of `input` must be statically known.")
    if rank > 1:
        if not isinstance(input, RaggedTensor):
            input = RaggedTensor.from_tensor(input, ragged_rank=rank - 1)
        elif len(input.flat_values.shape) > 1:
            inner = RaggedTensor.from_tensor(input.flat_values, ragged_rank=rank - input.ragged_rank + 1)  # refused
            input = input.with_flat_values(inner)
    flat = input.flat_values if isinstance(input, RaggedTensor) else input
    flat = shape_ops.reshape(flat, [-1])
    arguments = {"input_encoding": encoding, "errors": errors, "replacement_char": replacement_char,
                 "replace_control_characters": controls}
    starts = None
    if offsets:
        splits, points, starts = raw.unicode_decode_with_offsets(flat, **arguments)
    else:
        splits, points = raw.unicode_decode(flat, **arguments)
    if rank == 0:
        return (points, starts) if offsets else points

    def in_place(values: Any) -> Any:
        rows = RaggedTensor.from_row_splits(values, splits, validate=False)
        return input.with_flat_values(rows) if isinstance(input, RaggedTensor) else rows

    return (in_place(points), in_place(starts)) if offsets else in_place(points)


# --- n-grams ----------------------------------------------------------------------------------------------------


@export("strings.ngrams")
def ngrams(data: Any, ngram_width: Any, separator: str = " ", pad_values: Any = None, padding_width: int | None = None,
           preserve_short_sequences: bool = False, name: str | None = None) -> Any:
    """Runs of neighbouring strings, joined.

    Args:
      data: string tensor or ragged tensor of rank 1 or more; runs are taken along the last dimension.
      ngram_width: how many strings to a run: an integer, or several.
      separator: what stands between the strings of a run.
      pad_values: what is put before and behind each row: a string for both, or a pair; None: nothing.
      padding_width: how many of it; one less than the width of the run by default.
      preserve_short_sequences: whether a row that is shorter than every width gives one run of all its strings.
      name: a scope for the nodes.

    Returns:
      A tensor, or a ragged tensor if `data` is one.

    Raises:
      TypeError: `pad_values` is of another type.
      ValueError: a width is not positive, or the rank of `data` is unknown or 0.
    """
    with name_scope(name, "StringNGrams", [data]):
        left_pad: Any
        right_pad: Any
        if pad_values is None:
            left_pad = right_pad = ""
        elif isinstance(pad_values, (list, tuple)):
            if not isinstance(pad_values[0], (str, bytes)) or not isinstance(pad_values[1], (str, bytes)):
                raise TypeError("pad_values must be a string, tuple of strings, or None.")
            left_pad, right_pad = pad_values
        else:
            if not isinstance(pad_values, (str, bytes)):
                raise TypeError("pad_values must be a string, tuple of strings, or None.")
            left_pad = right_pad = pad_values
        if padding_width is not None and padding_width < 1:
            raise ValueError("padding_width must be greater than 0.")
        if padding_width is not None and pad_values is None:
            raise ValueError("pad_values must be provided if padding_width is set.")
        data = convert_to_tensor_or_ragged_tensor(data, name="data", dtype=dtypes.string)
        dense = isinstance(data, Tensor)
        dense_shape = None
        if dense:
            dense_shape = api.concat([shape_ops.shape(data)[:-1], [-1]], axis=0)
            rank = data.shape.ndims
            if rank is None:
                raise ValueError("Rank of data must be known.")
            if rank == 0:
                raise ValueError("Data must have rank>0")
            if rank == 1:
                rows = RaggedTensor.from_row_starts(data, [0], validate=False)
                return ngrams(rows, ngram_width, separator, pad_values, padding_width, preserve_short_sequences,
                              name)[0]
            data = RaggedTensor.from_tensor(data, ragged_rank=rank - 1)
        if data.ragged_rank > 1:
            found = data.with_values(ngrams(data.values, ngram_width, separator, pad_values, padding_width,
                                            preserve_short_sequences, name))
            return shape_ops.reshape(found.flat_values, dense_shape) if dense else found
        widths = list(ngram_width) if isinstance(ngram_width, (list, tuple, np.ndarray)) else [ngram_width]
        if not all(isinstance(width, (str, bytes)) for width in widths) and any(width < 1 for width in widths):
            raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
        width = 0 if pad_values is None else -1 if padding_width is None else padding_width
        found, splits = raw.string_n_grams(
            data=data.flat_values, data_splits=data.row_splits, separator=separator, ngram_widths=widths,
            left_pad=left_pad, right_pad=right_pad, pad_width=width,
            preserve_short_sequences=preserve_short_sequences)
        return shape_ops.reshape(found, dense_shape) if dense else RaggedTensor.from_row_splits(found, splits,
                                                                                               validate=False)
