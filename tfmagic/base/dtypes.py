"""DType: the element types of tensors, with TensorFlow's names, enum numbers and NumPy counterparts."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from tfmagic.base.export import export

REF_OFFSET = 100

# proto name, enum number, public name, NumPy type (None: no array of this type exists on the host)
_TABLE: tuple[tuple[str, int, str, Any], ...] = (
    ("float", 1, "float32", np.float32),
    ("double", 2, "float64", np.float64),
    ("int32", 3, "int32", np.int32),
    ("uint8", 4, "uint8", np.uint8),
    ("int16", 5, "int16", np.int16),
    ("int8", 6, "int8", np.int8),
    ("string", 7, "string", np.object_),
    ("complex64", 8, "complex64", np.complex64),
    ("int64", 9, "int64", np.int64),
    ("bool", 10, "bool", np.bool_),
    ("qint8", 11, "qint8", np.int8),
    ("quint8", 12, "quint8", np.uint8),
    ("qint32", 13, "qint32", np.int32),
    ("bfloat16", 14, "bfloat16", ml_dtypes.bfloat16),
    ("qint16", 15, "qint16", np.int16),
    ("quint16", 16, "quint16", np.uint16),
    ("uint16", 17, "uint16", np.uint16),
    ("complex128", 18, "complex128", np.complex128),
    ("half", 19, "float16", np.float16),
    ("resource", 20, "resource", np.object_),
    ("variant", 21, "variant", np.object_),
    ("uint32", 22, "uint32", np.uint32),
    ("uint64", 23, "uint64", np.uint64),
)


@export("dtypes.DType")
class DType:
    """The type of a tensor's elements.

    One object exists per type; ``float32`` and its reference form ``float32_ref`` are two types.
    """

    __slots__ = ("_enum", "_hash", "as_numpy_dtype", "name", "proto_name", "base_dtype", "_ref", "is_floating",
                 "is_complex", "is_integer", "is_quantized", "is_unsigned", "is_bool", "_is_ref_dtype", "kind",
                 "__dict__", "__weakref__")

    name: str
    proto_name: str
    as_numpy_dtype: Any

    def __init__(self, type_enum: int, name: str = "", proto_name: str = "", numpy_type: Any = None):
        """The type with a number of the `DataType` proto enum; the house makes each of them once, with its names.

        Raises:
          TypeError: there is no type of this number.
        """
        enum = int(type_enum)
        if not name:
            known = _BY_KEY.get(enum)
            if known is None:
                raise TypeError(f"type_enum is not a valid types_pb2.DataType: {enum}")
            name, proto_name, numpy_type = known.name, known.proto_name, known.as_numpy_dtype
        self._enum = enum
        self._hash = hash(("DType", enum))
        self._is_ref_dtype = enum > REF_OFFSET
        self.name = name
        self.proto_name = proto_name
        self.as_numpy_dtype = numpy_type
        self.base_dtype: DType = _BY_KEY[enum].base_dtype if enum in _BY_KEY else self
        self._ref: DType | None = _BY_KEY[enum]._ref if enum in _BY_KEY else None
        base = name.removesuffix("_ref")
        self.is_quantized = base.startswith(("qint", "quint"))
        self.is_floating = base in ("float16", "float32", "float64", "bfloat16")
        self.is_complex = base.startswith("complex")
        self.is_integer = not self.is_quantized and base.startswith(("int", "uint"))
        self.is_unsigned = base.startswith("uint")
        self.is_bool = base == "bool"
        self.kind = np.dtype(numpy_type).kind

    @property
    def _as_ref(self) -> DType:
        """The reference form of this type."""
        return self._ref or self

    @property
    def is_numpy_compatible(self) -> bool:
        return self.base_dtype.name not in ("resource", "variant")

    @property
    def as_datatype_enum(self) -> int:
        """The number of this type in TensorFlow's ``DataType`` proto enum."""
        return self._enum

    @property
    def real_dtype(self) -> DType:
        """The type of the real part of a complex type; any other type itself."""
        return {"complex64": float32, "complex128": float64}.get(self.base_dtype.name, self)

    @property
    def size(self) -> int:
        """Bytes per element (1 for types without a fixed size; 8, a pointer, for strings)."""
        return np.dtype(self.as_numpy_dtype).itemsize if self.is_numpy_compatible else 1

    @property
    def limits(self) -> tuple[Any, Any]:
        """0 and the largest value: the range of intensities that images of this type have (1 for floats).

        Raises:
          KeyError: TensorFlow knows no such range for the type.
        """
        if self.is_integer:
            return 0, self.max
        if self.base_dtype.name not in ("float32", "float64"):
            raise KeyError(self.as_numpy_dtype)
        return 0, 1

    @property
    def min(self) -> Any:
        """The smallest representable finite value. Raises TypeError for types without an order."""
        return self._limit("min")

    @property
    def max(self) -> Any:
        """The largest representable finite value. Raises TypeError for types without an order."""
        return self._limit("max")

    def _limit(self, which: str) -> Any:
        if self.is_complex or self.is_quantized or self.is_bool or self.kind == "O":
            raise TypeError(f"Cannot find {which}imum value of {self}.")
        info = np.iinfo if self.is_integer else ml_dtypes.finfo
        return getattr(info(self.as_numpy_dtype), which)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of type `other` may be used where this type is asked for (``T`` for ``T_ref`` not so)."""
        other = as_dtype(other)
        return self._enum in (other._enum, other.base_dtype._enum)

    def __eq__(self, other: object) -> bool:
        if type(other) is DType:
            return self._enum == other._enum
        if other is None:
            return False
        try:
            return self._enum == as_dtype(other)._enum
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._hash

    def __int__(self) -> int:
        return self._enum

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"

    def __repr__(self) -> str:
        return "tf." + self.name

    def __reduce__(self):
        return as_dtype, (self.name,)


_BY_KEY: dict[Any, DType] = {}
ALL: tuple[DType, ...]


def _define() -> tuple[DType, ...]:
    types = []
    for proto_name, enum, name, numpy_type in _TABLE:
        base = DType(enum, name, proto_name, numpy_type)
        ref = DType(enum + REF_OFFSET, name + "_ref", proto_name + "_ref", numpy_type)
        ref.base_dtype = base
        base._ref = ref._ref = ref
        for dtype in (base, ref):
            for key in (dtype._enum, dtype.name, dtype.proto_name):
                _BY_KEY[key] = dtype
        types.append(base)
    for base in types:  # several types share a NumPy type: the plain one wins
        if not base.is_quantized and base.kind != "O":
            _BY_KEY.setdefault(np.dtype(base.as_numpy_dtype), base)
            _BY_KEY.setdefault(base.as_numpy_dtype, base)
    _BY_KEY.update({float: _BY_KEY["float32"], bool: _BY_KEY["bool"], object: _BY_KEY["string"],
                    str: _BY_KEY["string"], bytes: _BY_KEY["string"], np.object_: _BY_KEY["string"],
                    np.dtype(object): _BY_KEY["string"]})
    for base in types:
        export(f"dtypes.{base.name}")(base)
    return tuple(types)


ALL = _define()
(float32, float64, int32, uint8, int16, int8, string, complex64, int64, bool_, qint8, quint8, qint32, bfloat16, qint16,
 quint16, uint16, complex128, float16, resource, variant, uint32, uint64) = ALL


@export("dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """Convert a name, number, NumPy or Python type to a `DType`.

    Args:
      type_value: a `DType`, a `DataType` enum number, a name such as "float32", or a NumPy or Python type.

    Raises:
      TypeError: nothing of these.
    """
    if type(type_value) is DType:
        return type_value
    try:
        found = _BY_KEY.get(type_value)
    except TypeError:  # unhashable, such as a structured dtype's list
        found = None
    if found is not None:
        return found
    if isinstance(type_value, np.dtype) and type_value.kind in "SU":
        return string
    try:
        # None, int and names such as "f4" are types for NumPy, not for TensorFlow.
        numpy_alone = type_value is None or type_value is int or isinstance(type_value, str)
        found = None if numpy_alone else _BY_KEY.get(np.dtype(type_value))
    except (TypeError, ValueError):
        found = None
    if found is None and isinstance(type_value, type) and issubclass(type_value, (np.str_, np.bytes_)):
        return string
    if found is None:
        raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.")
    return found
