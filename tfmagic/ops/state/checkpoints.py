"""Checkpoints as nodes: SaveV2, RestoreV2, MergeV2Checkpoints, the older Save and Restore, names of sharded files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.formats import bundle, old_checkpoint, tensor_slice
from tfmagic.formats.checkpoint import open_checkpoint
from tfmagic.formats.files import local_path
from tfmagic.formats.tensor_slice import TensorSlice
from tfmagic.graph.static_value import static_value
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import as_torch

_FILES: dict[str, Any] = {"objects": True}


def _as_array(value: Any) -> np.ndarray:
    """The NumPy array of a run's value; its memory is the tensor's own where that is possible."""
    if isinstance(value, np.ndarray):
        return value
    value = value.detach().cpu().contiguous()
    if value.dtype is torch.bfloat16:
        return value.view(torch.int16).numpy().view(dtypes.bfloat16.as_numpy_dtype)
    return value.numpy()


def _as_value(array: np.ndarray, dtype: DType) -> Any:
    """The value of a run from an array that nobody else has."""
    if dtype.kind != "O" and dtype.name != "bfloat16" and array.flags.owndata is False and array.flags.writeable:
        return torch.from_numpy(array)
    return as_torch(array, dtype)


def _texts(value: Any) -> list[str]:
    return [text.decode(errors="surrogateescape") for text in np.asarray(value, object).ravel().tolist()]


def _text(value: Any, what: str) -> str:
    texts = _texts(value)
    if len(texts) != 1:
        raise errors.InvalidArgumentError(None, None, f"{what} should have a single element, got {len(texts)} instead.")
    return texts[0]


class _Checkpoints:
    """What the kernels call: files of checkpoints, by the names that a run gives."""

    def save(self, prefix: Any, names: Any, slices: Any, tensors: list[Any], types: list[str]) -> None:
        """Write a checkpoint of the second form."""
        _require_lists(len(tensors), tensor_names=names, shape_and_slices=slices)
        with bundle.BundleWriter(local_path(_text(prefix, "Input prefix"))) as writer:
            for name, spec, tensor, kind in zip(_texts(names), _texts(slices), tensors, types):
                array, dtype = _as_array(tensor), dtypes.as_dtype(kind)
                if dtype is dtypes.variant:  # the position of an iterator, as bytes
                    dtype = dtypes.string
                if not spec:
                    writer.add(name, array, dtype)
                    continue
                shape, part = _parsed(spec)
                if tuple(s.stop - s.start for s in part.within(shape)) != array.shape:
                    raise errors.InvalidArgumentError(
                        None, None, "Slice in shape_and_slice specification does not match the shape of the tensor to  "
                        f"save: {spec}, tensor: {shapes.brackets(array.shape)}")
                writer.add_slice(name, shape, part, array, dtype)
            writer.finish()

    def restore(self, prefix: Any, names: Any, slices: Any, types: list[str]) -> list[Any]:
        """Tensors of a checkpoint, of either form."""
        _require_lists(len(types), tensor_names=names, shape_and_slices=slices)
        path = local_path(_text(prefix, "Input prefix"))
        stored = [dtypes.string if kind == "variant" else dtypes.as_dtype(kind) for kind in types]
        wanted = list(zip(_texts(names), _texts(slices), stored))
        in_order = sorted(range(len(wanted)), key=lambda index: wanted[index][0])
        result: list[Any] = [None] * len(wanted)
        with open_checkpoint(path) as reader:
            if isinstance(reader, bundle.BundleReader):
                wrong = []
                for index in in_order:
                    name, _, dtype = wanted[index]
                    if (found := reader.type_of(name)) is not dtype:
                        wrong.append(f"tensor_name = {name}; expected dtype {dtype.proto_name} does not equal original "
                                     f"dtype {found.proto_name}")
                if wrong:
                    raise errors.InvalidArgumentError(None, None, "\n".join(wrong))
            for index in in_order:
                result[index] = _restored(reader, *wanted[index])
        return result

    def merge(self, prefixes: Any, destination: Any, delete_old_dirs: bool) -> None:
        """Make one checkpoint of several."""
        bundle.merge([local_path(prefix) for prefix in _texts(prefixes)],
                     local_path(_text(destination, "Input destination_prefix")), delete_old_dirs)

    def save_old(self, filename: Any, names: Any, slices: Any, tensors: list[Any], types: list[str]) -> None:
        """Write a checkpoint of the first form."""
        _require_lists(len(tensors), tensor_names=names)
        specs = _texts(slices) if slices is not None else [""] * len(tensors)
        _require_lists(len(tensors), shapes_and_slices=objects(specs, (len(specs),)))
        rows = []
        for name, spec, tensor, kind in zip(_texts(names), specs, tensors, types):
            array = _as_array(tensor)
            shape, part = (list(array.shape), TensorSlice.whole(array.ndim)) if not spec else _parsed(spec)
            if tuple(s.stop - s.start for s in part.within(shape)) != array.shape:
                raise errors.InvalidArgumentError(
                    None, None, "Slice in shape_and_slice specification does not match the shape of the tensor to  "
                    f"save: {spec}, tensor: {shapes.brackets(array.shape)}")
            rows.append((name, shape, part, array, dtypes.as_dtype(kind)))
        old_checkpoint.write(local_path(_text(filename, "Input 0 (filename)")), rows)

    def restore_old(self, pattern: Any, name: Any, spec: Any, kind: str) -> Any:
        """A tensor of a checkpoint of the first form."""
        with old_checkpoint.OldReader(local_path(_text(pattern, "Input 0 (file_pattern)"))) as reader:
            return _restored(reader, _text(name, "Input 1 (tensor_name)"),
                             "" if spec is None else _text(spec, "Input 2 (shape_and_slice)"), dtypes.as_dtype(kind))


_checkpoints = _Checkpoints()


def _require_lists(count: int, **lists: Any) -> None:
    for name, value in lists.items():
        if value.ndim != 1 or len(value) != count:
            raise errors.InvalidArgumentError(
                None, None, f"Input {name} should be an 1-D tensor with {count} elements, got "
                f"{shapes.brackets(value.shape)} instead.")


def _parsed(spec: str) -> tuple[list[int], TensorSlice]:
    try:
        return tensor_slice.parse(spec)
    except tensor_slice.OutOfBounds as error:
        raise errors.InternalError(None, None, str(error)) from None
    except ValueError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None


def _restored(reader: Any, name: str, spec: str, dtype: DType) -> Any:
    is_old = isinstance(reader, old_checkpoint.OldReader)
    found = reader.type_of(name)
    if is_old and found is not dtype:
        raise errors.InvalidArgumentError(
            None, None, f"Expected to restore a tensor of type {dtype.proto_name}, got a tensor of type "
            f"{found.proto_name} instead: tensor_name = {name}")
    if not spec:
        return _as_value(reader.read(name), dtype)
    shape, part = _parsed(spec)
    there = reader.shape_of(name)
    if there != shape:
        wanted, stored = shapes.brackets(tuple(shape)), shapes.brackets(tuple(there))
        raise errors.InvalidArgumentError(
            None, None, f"Shape in shape_and_slice spec does not match the shape in the save file: {wanted}, save file "
            f"shape: {stored}" if is_old else f"tensor_name = {name}; shape in shape_and_slice spec {wanted} does not "
            f"match the shape stored in checkpoint: {stored}")
    return _as_value(reader.read(name, part), dtype)


# --- shape rules ------------------------------------------------------------------------------------------------------


def _with_length(dims: Dims, count: int) -> None:
    (length,) = shape_rules.with_rank(dims, 1)
    if length is not None and length != count:
        raise ValueError(f"Dimension must be {count} but is {length}")


def _save_shape(op: Any, prefix: Dims, names: Dims, slices: Dims, tensors: list[Dims]) -> None:
    shape_rules.with_rank(prefix, 0)
    _with_length(names, len(tensors))
    _with_length(slices, len(tensors))


def _restore_shapes(op: Any, prefix: Dims, names: Dims, slices: Dims) -> list[Dims]:
    shape_rules.with_rank(prefix, 0)
    shape_rules.merge(shape_rules.with_rank(names, 1), shape_rules.with_rank(slices, 1))
    count = len(op.dtypes)
    specs = static_value(op.shape_and_slices)
    if specs is None or len(specs) != count:
        return [None] * count
    return [_dims_of(spec) for spec in _texts(specs)]


def _dims_of(spec: str) -> Dims:
    if not spec:
        return None
    shape, part = tensor_slice.parse(spec)
    return tuple(s.stop - s.start for s in part.within(shape))


def _merge_shape(op: Any, prefixes: Dims, destination: Dims) -> None:
    shape_rules.with_rank(prefixes, 1)
    shape_rules.with_rank(destination, 0)


def _old_save_shape(op: Any, filename: Dims, names: Dims, data: list[Dims]) -> None:
    shape_rules.with_rank(filename, 0)
    _with_length(names, len(data))


def _old_slices_shape(op: Any, filename: Dims, names: Dims, slices: Dims, data: list[Dims]) -> None:
    _old_save_shape(op, filename, names, data)
    _with_length(slices, len(data))


def _old_restore_shape(op: Any, pattern: Dims, name: Dims) -> Dims:
    shape_rules.with_rank(pattern, 0)
    shape_rules.with_rank(name, 0)
    return None


def _old_restore_slice_shape(op: Any, pattern: Dims, name: Dims, spec: Dims) -> Dims:
    _old_restore_shape(op, pattern, name)
    shape_rules.with_rank(spec, 0)
    known = static_value(op.shape_and_slice)
    return None if known is None else _dims_of(_texts(known)[0])


def _names(types: list[DType]) -> list[str]:
    return [dtype.name for dtype in types]


# --- declarations -----------------------------------------------------------------------------------------------------

register("SaveV2", _save_shape, lambda op, prefix, names, slices, tensors: op.constant(_checkpoints).save(
    prefix, names, slices, tensors, _names(op.dtypes)), effect="writes", **_FILES,
    doc="Write tensors, or parts of tensors, into a checkpoint of the second form.")
register("RestoreV2", _restore_shapes, lambda op, prefix, names, slices: op.constant(_checkpoints).restore(
    prefix, names, slices, _names(op.dtypes)), effect="reads", **_FILES,
    doc="Tensors, or parts of tensors, from a checkpoint.")
register("MergeV2Checkpoints", _merge_shape, lambda op, prefixes, destination: op.constant(_checkpoints).merge(
    prefixes, destination, op.delete_old_dirs), effect="writes", **_FILES,
    doc="Make one checkpoint of several that each hold a part of the tensors.")
register("Save", _old_save_shape, lambda op, filename, names, data: op.constant(_checkpoints).save_old(
    filename, names, None, data, _names(op.T)), effect="writes", **_FILES,
    doc="Write tensors into a checkpoint of the first form.")
register("SaveSlices", _old_slices_shape, lambda op, filename, names, slices, data: op.constant(_checkpoints).save_old(
    filename, names, slices, data, _names(op.T)), effect="writes", **_FILES,
    doc="Write parts of tensors into a checkpoint of the first form.")
register("Restore", _old_restore_shape, lambda op, pattern, name: op.constant(_checkpoints).restore_old(
    pattern, name, None, op.dt.name), effect="reads", **_FILES,
    doc="A tensor from a checkpoint of the first form.")
register("RestoreSlice", _old_restore_slice_shape, lambda op, pattern, name, spec: op.constant(
    _checkpoints).restore_old(pattern, name, spec, op.dt.name), effect="reads", **_FILES,
    doc="A part of a tensor from a checkpoint of the first form.")


def _sharded(form: Callable[..., str]) -> Callable[..., Any]:
    """A kernel that makes one name of a base name and numbers."""

    def kernel(op: Any, basename: Any, *numbers: Any) -> Any:
        return objects([form(_text(basename, "basename"), *(int(number) for number in numbers)).encode(
            errors="surrogateescape")], ())

    return kernel


def _scalars(op: Any, *inputs: Dims) -> Dims:
    for dims in inputs:
        shape_rules.with_rank(dims, 0)
    return ()


_NAMES: dict[str, Any] = {"traced": False, "because": "strings are host objects"}
def _refused_names(*names: str) -> Any:
    """TensorFlow's words where an input is no scalar."""

    def refused(op: Any, *dims: Any) -> str | None:
        return next((f"{name} must be a scalar, got shape {shapes.brackets(shape)}"
                     for name, shape in zip(names, dims, strict=True) if shape), None)

    return refused


register("ShardedFilename", _scalars, _sharded(lambda base, shard, count: f"{base}-{shard:05d}-of-{count:05d}"),
         check=_refused_names("basename", "shard", "num_shards"), **_NAMES,
         doc="The name of one of the files of a sharded checkpoint.")
register("ShardedFilespec", _scalars, _sharded(lambda base, count: f"{base}-?????-of-{count:05d}"),
         check=_refused_names("basename", "num_shards"), **_NAMES,
         doc="A pattern that the names of all files of a sharded checkpoint match.")
