"""Strings joined, split, cut, changed, matched, and turned into numbers and back."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated, deprecated_args, deprecated_argument_lookup
from tfmagic.base.errors import invalid
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.array.shape_ops import rank
from tfmagic.ops.declare import op, register
from tfmagic.ops.denormals import kept
from tfmagic.ops.strings import read_numbers
from tfmagic.ops.strings.patterns import pattern_of
from tfmagic.ops.strings.rules import HOST_STRINGS, each_string, letters_changed, numbers, raw_bytes, strings

each_string("StringStrip", lambda op, s: s.strip(read_numbers.SPACE))
# The bytes that go on with a character in UTF-8; one character as TensorFlow takes it, malformed or not.
_TRAILS = bytes(range(0x80, 0xC0))
_CHARACTER = re.compile(rb"[\0-\xff][\x80-\xbf]*")


def _changed(op: Any, x: Any, of_bytes: Callable[[bytes], bytes], of_text: Callable[[str], str]) -> Any:
    """Lower or upper case: of ASCII letters only, or of all characters when the encoding is said to be UTF-8."""
    if op.encoding not in ("", "utf-8"):
        raise invalid(f"only utf-8 or '' (no encoding) is supported, received {op.encoding}")
    if not op.encoding:
        return strings(x, of_bytes)

    def changed(text: bytes) -> bytes:
        return of_bytes(text) if text.isascii() else of_text(text.decode("utf-8", "replace")).encode()

    # TensorFlow reads up to the first NUL.
    texts = [text.partition(b"\0")[0] for text in x.ravel().tolist()]
    return objects(letters_changed(texts, changed), x.shape)


# Letters for which TensorFlow's ICU has wrong ones of lower case: Greek ones with an iota below, and the sharp s.
_WRONG = {0x1E9E: 0x1E7E, **{point: point - 0x220 for point in (
    *range(0x1F88, 0x1F90), *range(0x1F98, 0x1FA0), *range(0x1FA8, 0x1FB0), 0x1FBC, 0x1FCC, 0x1FFC)}}
_WRONG_LETTERS = re.compile(f"([{''.join(map(chr, _WRONG))}]+)")


def _lower(text: str) -> str:
    return "".join(part.translate(_WRONG) if odd else part.lower()
                   for part, odd in zip(_WRONG_LETTERS.split(text), itertools.cycle((False, True))))


register("StringLower", shape_rules.same, lambda op, x: _changed(op, x, bytes.lower, _lower), **HOST_STRINGS)
register("StringUpper", shape_rules.same, lambda op, x: _changed(op, x, bytes.upper, str.upper), **HOST_STRINGS)


def _lengths(op: Any, x: Any) -> Any:
    """How many bytes, or UTF-8 characters: bytes that do not go on with one."""
    texts = x.ravel().tolist()
    if op.unit != "BYTE":
        texts = letters_changed(texts, lambda text: text.translate(None, _TRAILS))
    return torch.from_numpy(np.fromiter(map(len, texts), np.int32, len(texts)).reshape(x.shape))


register("StringLength", shape_rules.same, _lengths, **HOST_STRINGS)


# --- join -------------------------------------------------------------------------------------------------------


def _refused_join(op: Any, inputs: Any) -> str | None:
    given = [dims for dims in inputs if dims]
    for dims in given:
        if dims != given[0]:
            return f"Input shapes do not match: {shapes.brackets(given[0])} vs. {shapes.brackets(dims)}"
    return None


@op("StringJoin", check=_refused_join, **HOST_STRINGS)
class StringJoin:
    """Strings of several tensors joined element by element; scalars go with every element."""

    def shape(op, inputs):
        if all(dims == () for dims in inputs):
            return ()
        dims = None
        for item in inputs:
            if item != ():
                dims = shape_rules.merge(dims, item)
        return dims

    def kernel(op, inputs):
        dims = next((x.shape for x in inputs if x.ndim), ())
        columns = [np.broadcast_to(x, dims).ravel().tolist() for x in inputs]
        separator = op.separator.encode() if isinstance(op.separator, str) else op.separator
        return objects([separator.join(row) for row in zip(*columns)], dims)


def _no_axes(axes: list[int], rank: int) -> errors.OutOfRangeError | None:
    for axis in axes:
        if not -rank <= axis < rank:
            return errors.OutOfRangeError(None, None, f"Invalid reduction dimension {axis} for input with {rank} "
                                                      "dimension(s)")
    return None


@op("ReduceJoin", host="reduction_indices", check=lambda op, inputs, axes: _no_axes(
    static_ints(op.reduction_indices) or [], len(inputs)), **HOST_STRINGS)
class ReduceJoin:
    """Strings joined along axes, in the order in which the axes are given."""

    def shape(op, inputs, axes):
        shape_rules.with_rank_at_most(axes, 1)
        given = static_ints(op.reduction_indices)
        if inputs is None:
            return None
        if given is None:
            return (None,) * len(inputs) if op.keep_dims else None
        for axis in given:
            if not -len(inputs) <= axis < len(inputs):
                raise ValueError(f"Invalid reduction dimension {axis} for input with {len(inputs)} dimensions.")
        chosen = {axis % len(inputs) for axis in given} if inputs else set()
        if op.keep_dims:
            return tuple(1 if i in chosen else d for i, d in enumerate(inputs))
        return tuple(d for i, d in enumerate(inputs) if i not in chosen)

    def kernel(op, inputs, axes):
        axes = np.ravel(axes).tolist()
        refused = _no_axes(axes, inputs.ndim)
        if refused is not None:
            raise refused
        given, axes = axes, [axis % inputs.ndim for axis in axes]
        for place, axis in enumerate(axes):
            if axis in axes[:place]:
                raise invalid(f"Duplicate reduction dimension {given[place]}")
        rest = [axis for axis in range(inputs.ndim) if axis not in axes]
        moved = inputs.transpose(*rest, *reversed(axes))  # the axis that is named first is joined first
        kept = moved.shape[:len(rest)]
        rows = moved.reshape(int(np.prod(kept, dtype=np.int64)), int(np.prod(moved.shape[len(rest):], dtype=np.int64)))
        separator = op.separator.encode() if isinstance(op.separator, str) else op.separator
        joined = objects([separator.join(row) for row in rows.tolist()], kept)
        return np.expand_dims(joined, sorted(axes)) if op.keep_dims and axes else joined


def _refused_segments(op: Any, inputs: Any, ids: Any, count: Any) -> Any:
    if not ids:
        return "Segment_id cannot have rank 0"
    if len(ids) > len(inputs):
        return errors.OutOfRangeError(None, None, f"Invalid segment_id rank {len(ids)} for input with {len(inputs)} "
                                                  "dimension(s)")
    for axis, (size, given) in enumerate(zip(ids, inputs)):
        if size != given:
            return f"Segment dimension is {size} while input dimension is {len(inputs)} in rank {axis}"
    return None


@op("UnsortedSegmentJoin", host="num_segments", check=_refused_segments, **HOST_STRINGS)
class UnsortedSegmentJoin:
    """The strings of each segment joined."""

    def shape(op, inputs, ids, count):
        shape_rules.with_rank(count, 0)
        shape_rules.merged_prefix(inputs, ids)
        if inputs is None or ids is None:
            return None
        return (shape_rules.size_value(op.num_segments, 2), *inputs[len(ids):])

    def kernel(op, inputs, ids, count):
        count = int(np.ravel(count)[0])  # TensorFlow takes the first number of any shape
        ids = as_array(ids)
        rest = inputs.shape[ids.ndim:]
        rows = inputs.reshape(ids.size, -1)
        columns = rows.shape[1] if rows.size else int(np.prod(rest, dtype=np.int64))
        parts = [[[] for _ in range(columns)] for _ in range(count)]
        for position, segment in enumerate(ids.ravel().tolist()):
            if segment < 0:
                continue
            if segment >= count:
                raise invalid("segment_ids are not allowed to exceed num_segments or to have negative values.")
            for column, text in enumerate(rows[position].tolist()):
                parts[segment][column].append(text)
        separator = op.separator.encode()
        return objects([separator.join(texts) for row in parts for texts in row], (count, *rest))


# --- split and cut ----------------------------------------------------------------------------------------------


def _split_dims(op: Any, x: Dims, sep: Dims) -> tuple[Dims, Dims, Dims]:
    shape_rules.with_rank(x, 1)
    shape_rules.with_rank(sep, 0)
    return (None, 2), (None,), (2,)


def _refused_split(op: Any, x: Any, sep: Any) -> str | None:
    if len(x) != 1:
        return f"input must be a vector, got shape: {shapes.brackets(x)}"
    name = "sep" if op.op.type == "StringSplitV2" else "delimiter"
    return f"{name} must be a scalar, got shape: {shapes.brackets(sep)}" if sep else None


def _sparse_parts(rows: list[list[bytes]]) -> tuple[Any, Any, Any]:
    """Lists of strings as the three arrays of a sparse tensor."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    values = list(itertools.chain.from_iterable(rows))
    places = np.empty((len(values), 2), np.int64)
    places[:, 0] = np.repeat(np.arange(len(rows)), counts)
    places[:, 1] = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, objects(values, (-1,)), np.array([len(rows), counts.max(initial=0)], np.int64)


def _as_sparse(rows: list[list[bytes]]) -> tuple[Any, Any, Any]:
    """The same as tensors."""
    places, values, dense_shape = _sparse_parts(rows)
    return torch.from_numpy(places), values, torch.from_numpy(dense_shape)


def _cut(op: Any, x: Any, delimiter: Any) -> list[list[bytes]]:
    """The parts of each string between the characters of `delimiter`, or its bytes."""
    marks = delimiter.reshape(-1)[0]
    if not marks:
        return [[text[i:i + 1] for i in range(len(text))] for text in x.tolist()]
    if len(marks) == 1:
        rows = [text.split(marks) if text else [] for text in x.tolist()]
    else:
        pattern = re.compile(b"[" + re.escape(marks) + b"]")
        rows = [pattern.split(text) if text else [] for text in x.tolist()]
    return [list(filter(None, row)) for row in rows] if op.skip_empty else rows


def _cut_as_python(op: Any, x: Any, sep: Any) -> list[list[bytes]]:
    mark = sep.reshape(-1)[0]
    if not mark:
        return [_words(text, op.maxsplit) for text in x.tolist()]
    return [text.split(mark, op.maxsplit) for text in x.tolist()]


def _words(text: bytes, most: int) -> list[bytes]:
    """The words of a text, at the most so many, and the rest; TensorFlow has a rest even where nothing is left."""
    if most == 0:
        return [text]
    words = text.split(None, most)
    return [*words, b""] if len(words) == most else words


@op("StringSplit", check=_refused_split, **HOST_STRINGS)
class StringSplit:
    """Each string cut at every character of `delimiter`, or into bytes."""

    shape = _split_dims

    def kernel(op, x, delimiter):
        return _as_sparse(_cut(op, x, delimiter))

    def static(op, x, delimiter):
        return _sparse_parts(_cut(op, x, delimiter))


@op("StringSplitV2", check=_refused_split, **HOST_STRINGS)
class StringSplitV2:
    """Each string cut as `bytes.split` does it, nearly."""

    shape = _split_dims

    def kernel(op, x, sep):
        return _as_sparse(_cut_as_python(op, x, sep))

    def static(op, x, sep):
        return _sparse_parts(_cut_as_python(op, x, sep))


def _refused_parts(op: Any, x: Any, pos: Any, length: Any) -> str | None:
    if pos != length:
        return f"pos and len should have the same shape, got: {shapes.brackets(pos)} vs. {shapes.brackets(length)}"
    try:
        shape_rules.broadcast_dims(x, pos)
    except ValueError:
        return f"Incompatible shapes: {shapes.brackets(x)} vs. {shapes.brackets(pos)}"
    return None


@op("Substr", check=_refused_parts, **HOST_STRINGS)
class Substr:
    """A part of each string: `len` bytes or characters from `pos` on."""

    def shape(op, x, pos, length):
        if pos is not None:
            shape_rules.with_rank(pos, -1 if length is None else len(length))  # so 1.15 takes an unknown rank
        if pos is not None and length is not None and pos != length:  # what is unknown of only one differs too
            raise ValueError(f"pos and len shapes must match: {shapes.brackets(pos)} vs. {shapes.brackets(length)}")
        return shape_rules.broadcast_dims(x, pos)

    def kernel(op, x, pos, length):
        starts, lengths = as_array(pos), as_array(length)
        dims = np.broadcast_shapes(x.shape, starts.shape)
        places = dims  # how TensorFlow counts the strings
        if starts.ndim and x.shape != starts.shape:
            places = _joined(x.shape, starts.shape)
            if len(places) > 2:
                raise errors.UnimplementedError(None, None, f"Substr broadcast not implemented for {len(places)} "
                                                            "dimensions")
        if starts.size == lengths.size == 1 and places is dims and dims:
            start, stop = starts.item(), starts.item() + lengths.item()
            texts: Any = _items(op, x.ravel().tolist())
            if texts and 0 <= start <= min(stop, *map(len, texts)):
                parts = [text[start:stop] for text in texts]
                return objects(parts if isinstance(parts[0], bytes) else list(map(str.encode, parts)), dims)
        columns = len(places) == 2 and places is not dims and places[1]
        rows = [np.broadcast_to(a, dims).ravel().tolist() for a in (x, starts, lengths)]
        return objects([_part(op, *row, divmod(index, columns) if columns else index)
                        for index, row in enumerate(zip(*rows))], places if len(places) or not dims else (1,))


def _joined(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two have together, neighbouring axes taken as one where the same of the two repeats itself."""
    rank = max(len(x), len(y))
    joined: list[int] = []
    before = None
    for one, other in zip((1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y):
        if one == other == 1:
            continue
        kind = (one == 1, other == 1)
        size = other if one == 1 else one
        if kind == before:
            joined[-1] *= size
        else:
            joined.append(size)
        before = kind
    return tuple(joined)


def _items(op: Any, texts: list[bytes]) -> list[bytes] | list[str] | None:
    """The strings, as texts where characters are counted; None: some are malformed."""
    if op.unit == "BYTE":
        return texts
    try:
        return list(map(bytes.decode, texts))
    except UnicodeDecodeError:
        return None


def _part(op: Any, text: bytes, start: int, length: int, index: int | tuple[int, int]) -> bytes:
    items: Any = text if op.unit == "BYTE" or text.isascii() else _CHARACTER.findall(text)
    if not -len(items) <= start <= len(items) or op.unit != "BYTE" and start < 0 and length < 0:
        if op.unit != "BYTE":
            raise invalid(f"pos {start} out of range for string at index "
                          f"{index[0] if isinstance(index, tuple) else index}")
        raise invalid(f"pos {start} out of range for string b'{text.decode(errors='replace')}' at index {index}")
    start = start + len(items) if start < 0 else start
    if length < 0:  # TensorFlow counts bytes without a sign, so that a negative length leaves all of them
        length = len(items) if op.unit == "BYTE" else 0
    part = items[start:start + length]
    return part if items is text else b"".join(part)


# --- patterns ---------------------------------------------------------------------------------------------------

def _regex_replace(op: Any, x: Any, pattern: bytes, rewrite: bytes) -> Any:
    return strings(x, pattern_of(pattern).replacing(rewrite, op.replace_global))


def _full_match(op: Any, x: Any, pattern: bytes) -> Any:
    return numbers(x, pattern_of(pattern).matches, "bool")


def _one_pattern(op: Any, x: Dims, *scalars: Dims) -> Dims:
    for dims in scalars:
        shape_rules.with_rank(dims, 0)
    return x


def _refused_pattern(op: Any, x: Any, *scalars: Any) -> str | None:
    for name, dims in zip(("Pattern", "Rewrite"), scalars):
        if dims:
            return f"{name} must be scalar, but received {shapes.brackets(dims)}"
    return None


register("RegexReplace", _one_pattern, lambda op, x, pattern, rewrite: _regex_replace(
    op, x, pattern.reshape(-1)[0], rewrite.reshape(-1)[0]), check=_refused_pattern, **HOST_STRINGS)
register("StaticRegexReplace", shape_rules.same, lambda op, x: _regex_replace(
    op, x, raw_bytes(op.pattern), raw_bytes(op.rewrite)), **HOST_STRINGS)
register("RegexFullMatch", _one_pattern, lambda op, x, pattern: _full_match(op, x, pattern.reshape(-1)[0]),
         check=_refused_pattern, **HOST_STRINGS)
register("StaticRegexFullMatch", shape_rules.same, lambda op, x: _full_match(op, x, raw_bytes(op.pattern)),
         **HOST_STRINGS)


# --- numbers ----------------------------------------------------------------------------------------------------


@op("AsString", **HOST_STRINGS)
class AsString:
    """Each number as a string, in C's formats."""

    shape = shape_rules.same

    def kernel(op, x):
        form = _format(op)
        if op.T.is_bool:
            return objects([b"true" if item else b"false" for item in x.reshape(-1).tolist()], x.shape)
        return objects(_all_shown(form, x.reshape(-1).tolist(), op.T.is_complex), tuple(x.shape))


@kept
def _all_shown(form: bytes, numbers: list[Any], are_complex: bool) -> list[bytes]:
    if are_complex:
        return [b"(" + _shown(form, number.real) + b"," + _shown(form, number.imag) + b")" for number in numbers]
    return [_shown(form, number) for number in numbers]


def _shown(form: bytes, number: float) -> bytes:
    """A number in C's form, which fills nothing but digits with zeros."""
    return (form if math.isfinite(number) else form.replace(b"%0", b"%")) % number


def _format(op: Any) -> bytes:
    inexact = op.T.is_floating or op.T.is_complex
    if (op.scientific or op.shortest) and not inexact:
        raise invalid(f"scientific and shortest format not supported for datatype {op.T.proto_name}")
    if op.precision > -1 and not inexact:
        raise invalid(f"precision not supported for datatype {op.T.proto_name}")
    if op.scientific and op.shortest:
        raise invalid("Cannot select both scientific and shortest notation")
    if len(op.fill) > 1:
        raise invalid("Fill string must be one or fewer characters")
    form = "%"
    if op.width > -1:
        if op.fill not in ("", " ", "+", "-", "0", "#"):  # TensorFlow hands it to C, which reads what is not there
            raise invalid(f"Fill argument not supported: {op.fill!r}")
        form += f"{op.fill}{op.width}"
    if op.T.is_bool:
        return (form + "s").encode()
    if not inexact:
        return (form + "d").encode()
    form += f".{op.precision}" if op.precision > -1 else ""
    return (form + ("e" if op.scientific else "g" if op.shortest else "f")).encode()


@op("StringToNumber", **HOST_STRINGS)
class StringToNumber:
    """The number that each string writes."""

    shape = shape_rules.same

    def kernel(op, x):
        return (_long_numbers if op.out_type is dtypes.float64 else _numbers)(op.out_type, x)


def _numbers(dtype: dtypes.DType, x: Any) -> Any:
    """The numbers of a type that strings write."""
    plain = (read_numbers.plain_whole if dtype.is_integer else read_numbers.plain_reals)(x.ravel().tolist())
    if plain is not None and (not dtype.is_integer or dtype.min <= plain.min() and plain.max() <= dtype.max):
        with np.errstate(over="ignore"):
            return torch.from_numpy(plain.astype(dtype.as_numpy_dtype, copy=False).reshape(x.shape))

    def parse(text: bytes) -> float:
        value = read_numbers.number(text, dtype)
        if value is None:
            raise invalid(f"StringToNumberOp could not correctly convert string: {text.decode(errors='replace')}")
        return value

    with np.errstate(over="ignore"):
        return numbers(x, parse, dtype.name)


# Numbers of 64 bits are put together from digits by whole numbers: TensorFlow computes nothing there.
_long_numbers = kept(_numbers)


@op("StringFormat", **HOST_STRINGS)
class StringFormat:
    """A template whose placeholders are filled with tensors as `tf.Print` shows them."""

    def shape(op, inputs):
        count = op.template.count(op.placeholder)
        if count != len(inputs):
            raise ValueError(f"num placeholders in template and num inputs must match: {count} vs. {len(inputs)}")
        return ()

    def kernel(op, inputs):
        text, pieces = op.template, []
        for value in inputs:
            before, _, text = text.partition(op.placeholder)
            pieces += [before, summary(as_array(value), op.summarize)]
        return objects(["".join([*pieces, text]).encode("utf-8", "surrogateescape")], ())


def summary(array: Any, ends: int) -> str:
    """A value as `tf.print` shows it: of each axis the first and last elements, rows on lines of their own.

    Args:
      array: a NumPy array.
      ends: how many elements to show at each end of an axis; all when it is -1.
    """
    from tfmagic.ops.debug.text import number

    if array.size == 0:
        ends = 0

    def shown(part: Any, depth: int) -> str:
        if part.ndim == 0:
            if ends == 0:
                return "..."
            item = part[()]
            return f'"{number(item)}"' if isinstance(item, bytes) else number(item)
        items = [shown(np.asarray(part[i], part.dtype), depth + 1) for i in chosen(len(part))]
        if ends >= 0 and len(part) > 2 * ends:
            items[ends:ends] = ["..."] if ends else ["", "..."]
        gap = " " if part.ndim == 1 else "\n" * (part.ndim - 1) + " " * (depth + 1)
        return f"[{gap.join(items)}]"

    def chosen(count: int) -> list[int]:
        if ends < 0 or count <= 2 * ends:
            return list(range(count))
        return [*range(ends), *range(count - ends, count)]

    return shown(array, 0)


# --- public functions -------------------------------------------------------------------------------------------


@export("strings.format")
def string_format(template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3,
                  name: str | None = None) -> Tensor:
    """A template whose placeholders are filled with tensors.

    Raises:
      ValueError: the template has another number of placeholders than there are inputs.
    """
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    if template.count(placeholder) != len(inputs):
        raise ValueError(f"{template.count(placeholder)} placeholder(s) in template does not match {len(inputs)} "
                         "tensor(s) provided as input")
    return raw.string_format(inputs, template=template, placeholder=placeholder, summarize=summarize, name=name)


@export("strings.length")
def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The length of each string in bytes or UTF-8 characters (`unit="UTF8_CHAR"`)."""
    return raw.string_length(input, unit=unit, name=name)


@export("strings.substr")
def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """A part of each string.

    Args:
      input: string tensor.
      pos: int32 or int64: where the part begins; negative positions count from the end.
      len: the length of the part, in the shape of `pos`.
      unit: "BYTE" or "UTF8_CHAR".
    """
    return raw.substr(input, pos, len, unit=unit, name=name)


@export("substr")
@deprecated(None, "Use `tf.strings.substr` instead of `tf.substr`.", name="substr_deprecated",
            module="tensorflow.python.ops.string_ops")
def substr_deprecated(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """`tf.strings.substr` under its old name."""
    return substr(input, pos, len, name=name, unit=unit)


@export("strings.regex_full_match")
def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether each string matches a pattern from beginning to end."""
    if isinstance(pattern, (str, bytes)):
        return raw.static_regex_full_match(input, pattern=pattern, name=name)
    return raw.regex_full_match(input, pattern, name=name)


@export("strings.regex_replace")
def regex_replace(input: Any, pattern: Any, rewrite: Any, replace_global: bool = True,
                  name: str | None = None) -> Tensor:
    """Each string with the matches of a pattern replaced.

    Args:
      input: string tensor.
      pattern: a regular expression.
      rewrite: what takes the place of a match; `\\1` to `\\9` stand for its groups.
      replace_global: whether to replace every match or only the first.
    """
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        return raw.static_regex_replace(input, pattern=pattern, rewrite=rewrite, replace_global=replace_global,
                                        name=name)
    return raw.regex_replace(input, pattern, rewrite, replace_global=replace_global, name=name)


@export("strings.reduce_join")
@deprecated_args(None, "keep_dims is deprecated, use keepdims instead", "keep_dims")
def reduce_join(inputs: Any, axis: Any = None, keep_dims: bool | None = None, separator: str = "",
                name: str | None = None, reduction_indices: Any = None, keepdims: bool | None = None) -> Tensor:
    """Strings joined along axes (all of them by default, the last axis innermost)."""
    keep_dims = bool(deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims))
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        inputs = convert_to_tensor(inputs)
        if axis is None:
            if inputs._dims is not None:
                axis = convert.constant(np.arange(len(inputs._dims) - 1, -1, -1), dtypes.int32)
            else:
                axis = raw.range(raw.sub(rank(inputs), 1, name="sub"), -1, -1, name="range")
        return raw.reduce_join(inputs, axis, keep_dims=keep_dims, separator=separator, name=name)


@export("strings.to_number")
def string_to_number(string_tensor: Any = None, out_type: Any = dtypes.float32, name: str | None = None,
                     input: Any = None) -> Tensor:
    """The number that each string writes.

    Args:
      string_tensor: string tensor (also called `input`).
      out_type: float32, float64, int32 or int64.

    Raises:
      InvalidArgumentError: in the run, a string is no number of the type.
    """
    string_tensor = deprecated_argument_lookup("input", input, "string_tensor", string_tensor)
    return raw.string_to_number(string_tensor, out_type, name)
