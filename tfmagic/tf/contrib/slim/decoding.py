"""slim.tfexample_decoder: handlers that make items of parsed features, and the decoder that calls them."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.ops import api


@export("contrib.slim.data_decoder.DataDecoder")
class DataDecoder(abc.ABC):
    """Base of what makes items of a record."""

    @abc.abstractmethod
    def decode(self, data: Any, items: Any) -> list[Any]:
        """The items of these names."""

    @abc.abstractmethod
    def list_items(self) -> list[str]:
        """The names of all items."""


@export("contrib.slim.tfexample_decoder.ItemHandler")
class ItemHandler(abc.ABC):
    """Base of what makes an item of features.

    Args:
      keys: the names of the features that it needs.
    """

    def __init__(self, keys: Any):
        self._keys = keys if isinstance(keys, (tuple, list)) else [keys]

    @property
    def keys(self) -> Any:
        """The names of the features that it needs."""
        return self._keys

    @abc.abstractmethod
    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        """The item, of features by name."""


@export("contrib.slim.tfexample_decoder.ItemHandlerCallback")
class ItemHandlerCallback(ItemHandler):
    """An item that a function makes.

    Args:
      keys: the names of the features.
      func: a function of a dict of them.
    """

    def __init__(self, keys: Any, func: Callable[[dict[str, Any]], Any]):
        super().__init__(keys)
        self._func = func

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        return self._func(keys_to_tensors)


@export("contrib.slim.tfexample_decoder.BoundingBox")
class BoundingBox(ItemHandler):
    """Boxes as rows of four sides.

    Args:
      keys: the names of the features, by default "ymin", "xmin", "ymax", "xmax".
      prefix: what stands before each.

    Raises:
      ValueError: there are not four.
    """

    def __init__(self, keys: Sequence[str] | None = None, prefix: str = ""):
        if keys is None:
            keys = ["ymin", "xmin", "ymax", "xmax"]
        elif len(keys) != 4:
            raise ValueError(f"BoundingBox expects 4 keys but got {len(keys)}")
        self._prefix = prefix
        self._full_keys = [prefix + key for key in keys]
        super().__init__(self._full_keys)

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        sides = []
        for key in self._full_keys:
            side = keys_to_tensors[key]
            sides.append(api.expand_dims(side.values if isinstance(side, api.SparseTensor) else side, 0))
        return api.transpose(api.concat(sides, 0))


@export("contrib.slim.tfexample_decoder.Tensor")
class Tensor(ItemHandler):
    """A feature as a dense tensor.

    Args:
      tensor_key: its name.
      shape_keys: the names of features with its shape; or
      shape: the shape.
      default_value: what stands where a sparse one has nothing.

    Raises:
      ValueError: both are given.
    """

    def __init__(self, tensor_key: str, shape_keys: Any = None, shape: Any = None, default_value: Any = 0):
        if shape_keys and shape is not None:
            raise ValueError("Cannot specify both shape_keys and shape parameters.")
        if shape_keys and not isinstance(shape_keys, list):
            shape_keys = [shape_keys]
        self._tensor_key = tensor_key
        self._shape_keys = shape_keys
        self._shape = shape
        self._default_value = default_value
        super().__init__([tensor_key, *(shape_keys or [])])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        tensor = keys_to_tensors[self._tensor_key]
        shape = self._shape
        if self._shape_keys:
            parts = []
            for key in self._shape_keys:
                part = keys_to_tensors[key]
                parts.append(api.sparse.to_dense(part) if isinstance(part, api.SparseTensor) else part)
            shape = api.reshape(api.stack(parts), [-1])
        if isinstance(tensor, api.SparseTensor):
            if shape is not None:
                tensor = api.sparse.reshape(tensor, shape)
            return api.sparse.to_dense(tensor, self._default_value)
        return tensor if shape is None else api.reshape(tensor, shape)


@export("contrib.slim.tfexample_decoder.LookupTensor")
class LookupTensor(Tensor):
    """A feature as a dense tensor, looked up in a table.

    Args:
      table: the table.
      tensor_key, shape_keys, shape, default_value: as for `Tensor`.
    """

    def __init__(self, tensor_key: str, table: Any, shape_keys: Any = None, shape: Any = None,
                 default_value: Any = ""):
        self._table = table
        super().__init__(tensor_key, shape_keys, shape, default_value)

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        return self._table.lookup(super().tensors_to_item(keys_to_tensors))


@export("contrib.slim.tfexample_decoder.BackupHandler")
class BackupHandler(ItemHandler):
    """An item of one handler, of another where it is empty.

    Args:
      handler, backup: the handlers.

    Raises:
      ValueError: one of them is none.
    """

    def __init__(self, handler: Any, backup: Any):
        if not isinstance(handler, ItemHandler):
            raise ValueError(f"Primary handler is of type {type(handler)} instead of ItemHandler")
        if not isinstance(backup, ItemHandler):
            raise ValueError(f"Backup handler is of type {type(backup)} instead of ItemHandler")
        self._handler = handler
        self._backup = backup
        super().__init__([*handler.keys, *backup.keys])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        item = self._handler.tensors_to_item(keys_to_tensors)
        return api.cond(pred=api.equal(api.reduce_prod(api.shape(item)), 0),
                        true_fn=lambda: self._backup.tensors_to_item(keys_to_tensors), false_fn=lambda: item)


@export("contrib.slim.tfexample_decoder.SparseTensor")
class SparseTensor(ItemHandler):
    """A sparse tensor of a feature with its indices and one with its values.

    Args:
      indices_key, values_key: their names, by default "indices" and "values".
      shape_key: the name of a feature with the shape; or
      shape: the shape.
      densify: whether it is made dense, with
      default_value: where it has nothing.
    """

    def __init__(self, indices_key: str | None = None, values_key: str | None = None, shape_key: str | None = None,
                 shape: Any = None, densify: bool = False, default_value: Any = 0):
        indices_key = indices_key or "indices"
        values_key = values_key or "values"
        self._indices_key = indices_key
        self._values_key = values_key
        self._shape_key = shape_key
        self._shape = shape
        self._densify = densify
        self._default_value = default_value
        super().__init__([indices_key, values_key] + ([shape_key] if shape_key else []))

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        indices, values = keys_to_tensors[self._indices_key], keys_to_tensors[self._values_key]
        if self._shape_key:
            shape = keys_to_tensors[self._shape_key]
            shape = shape.values if isinstance(shape, api.SparseTensor) else shape
        else:
            shape = self._shape if self._shape else indices.dense_shape
        rank = api.shape(indices.indices)[1]
        ids = api.cast(indices.values, dtypes.int64)
        kept = api.slice(indices.indices, [0, 0], api.stack([-1, rank - 1]))
        places = api.concat([kept, api.reshape(ids, [-1, 1])], 1)
        tensor = api.SparseTensor(places, values.values, shape)
        return api.sparse.to_dense(tensor, self._default_value) if self._densify else tensor


@export("contrib.slim.tfexample_decoder.Image")
class Image(ItemHandler):
    """A decoded image: raw values where its format says so, else JPEG, PNG, GIF or BMP.

    Args:
      image_key, format_key: the names of the features, by default "image/encoded" and "image/format".
      shape: the shape.
      channels: how many channels.
      dtype: the type of the values.
      repeated: whether there is a list of images.
      dct_method: how JPEGs are decoded.
    """

    def __init__(self, image_key: str | None = None, format_key: str | None = None, shape: Any = None,
                 channels: int = 3, dtype: Any = dtypes.uint8, repeated: bool = False, dct_method: str = ""):
        self._image_key = image_key or "image/encoded"
        self._format_key = format_key or "image/format"
        self._shape = shape
        self._channels = channels
        self._dtype = dtype
        self._repeated = repeated
        self._dct_method = dct_method
        super().__init__([self._image_key, self._format_key])

    def tensors_to_item(self, keys_to_tensors: dict[str, Any]) -> Any:
        image, kind = keys_to_tensors[self._image_key], keys_to_tensors[self._format_key]
        if self._repeated:
            return api.map_fn(lambda each: self._decode(each, kind), image, dtype=self._dtype)
        return self._decode(image, kind)

    def _decode(self, image: Any, kind: Any) -> Any:
        def decoded() -> Any:
            return api.cast(api.image.decode_image(image, channels=self._channels), self._dtype)

        def jpeg() -> Any:
            return api.cast(api.image.decode_jpeg(image, self._channels, dct_method=self._dct_method), self._dtype)

        def encoded() -> Any:
            return api.cond(api.image.is_jpeg(image), jpeg, decoded, name="cond_jpeg")

        def raw() -> Any:
            return api.decode_raw(image, out_type=self._dtype)

        is_raw = api.logical_or(api.equal(kind, "raw"), api.equal(kind, "RAW"))
        result = api.case([(is_raw, raw)], default=encoded, exclusive=True)
        result.set_shape([None, None, self._channels])
        return result if self._shape is None else api.reshape(result, self._shape)


@export("contrib.slim.tfexample_decoder.TFExampleDecoder")
class TFExampleDecoder(DataDecoder):
    """Decodes `tf.train.Example` protos.

    Args:
      keys_to_features: what to parse, as for `tf.parse_single_example`.
      items_to_handlers: the handlers of the items, by name.
    """

    def __init__(self, keys_to_features: dict[str, Any], items_to_handlers: dict[str, ItemHandler]):
        self._keys_to_features = keys_to_features
        self._items_to_handlers = items_to_handlers

    def list_items(self) -> list[str]:
        return list(self._items_to_handlers)

    def decode(self, serialized_example: Any, items: Any = None) -> list[Any]:
        """The items of an example.

        Args:
          serialized_example: a string scalar.
          items: their names; by default all.
        """
        example = api.parse_single_example(serialized_example, self._keys_to_features)
        for key, feature in sorted(self._keys_to_features.items()):
            if isinstance(feature, api.FixedLenFeature):  # with their shape, which an old parser forgot
                example[key] = api.reshape(example[key], feature.shape)
        outputs = []
        for item in items or self._items_to_handlers:
            handler = self._items_to_handlers[item]
            outputs.append(handler.tensors_to_item({key: example[key] for key in handler.keys}))
        return outputs
