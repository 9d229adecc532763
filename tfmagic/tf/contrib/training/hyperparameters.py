"""HParams: named hyperparameters of a fixed type, read from text and JSON."""

from __future__ import annotations

import json
import numbers
import re
from typing import Any

from tfmagic.base.export import export

# name, perhaps [index], =, then a list in brackets or a value up to the next comma
_PART = re.compile(r"(?P<name>[a-zA-Z][\w.]*)(\[\s*(?P<index>\d+)\s*\])?\s*=\s*"
                   r"((?P<value>[^,\[]*)|\[(?P<values>[^\]]*)\])($|,\s*)")


def _bool(text: str) -> bool:
    if text in ("true", "True"):
        return True
    if text in ("false", "False"):
        return False
    return bool(int(text))


@export("contrib.training.parse_values")
def parse_values(values: str, type_map: dict[str, type], ignore_unknown: bool = False) -> dict[str, Any]:
    """The values in a text like "a=1,b=[2,3],c[1]=4".

    Args:
      type_map: the type of each name.
      ignore_unknown: whether other names are left out.

    Returns:
      The values by name: a value, a list, or a dict of values by index.

    Raises:
      ValueError: the text is malformed, a name is unknown, or a value is not of its type.
    """
    results: dict[str, Any] = {}
    place = 0
    while place < len(values):
        found = _PART.match(values, place)
        if not found:
            raise ValueError(f"Malformed hyperparameter value: {values[place:]}")
        place = found.end()
        name, index = found["name"], found["index"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(f"Unknown hyperparameter type for {name}")
        kind = type_map[name]

        def read(text: str, kind: Any = kind, name: str = name) -> Any:
            try:
                return _bool(text) if kind is bool else kind(text)
            except ValueError:
                raise ValueError(f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}' in "
                                 f"{values}") from None

        if found["value"] is not None:
            value = read(found["value"])
            if index is None:
                if name in results:
                    raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
                results[name] = value
                continue
            if name in results and not isinstance(results[name], dict):
                raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
            items = results.setdefault(name, {})
            if int(index) in items:
                raise ValueError(f"Multiple assignments to variable '{name}[{int(index)}]' in {values}")
            items[int(index)] = value
        else:
            if index is not None:
                raise ValueError("Assignment of a list to a list index.")
            if name in results:
                raise ValueError(f"Multiple assignments to variable '{name}' in {values}")
            results[name] = [read(text) for text in filter(None, re.split(r"[ ,]", found["values"]))]
    return results


def _cast(name: str, kind: type, value: Any) -> Any:
    """A value as the type of a hyperparameter, where nothing is lost."""
    refused = ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    if isinstance(value, kind) and (kind is bool) == isinstance(value, bool):
        return value
    if isinstance(value, str) != issubclass(kind, str) or isinstance(value, bool) != issubclass(kind, bool):
        raise refused
    if issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral):
        raise refused
    if issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number):
        raise refused
    return kind(value)


@export("contrib.training.HParams")
class HParams:
    """Hyperparameters as attributes; each keeps the type of its first value.

    Args:
      hparam_def: a protocol buffer; not supported: give the values by name.
      model_structure: any object to go with them.
      **kwargs: names and values.

    Raises:
      ValueError: a name is taken, or a list is empty.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any):
        if hparam_def is not None:
            raise NotImplementedError("tfmagic makes HParams of no protocol buffer: use HParams(**values), and "
                                      "`to_json` and `parse_json` to keep them in a file.")
        self._types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add a hyperparameter.

        Raises:
          ValueError: the name is taken, or a list is empty.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
            self._types[name] = (type(value[0]), True)
        else:
            self._types[name] = (type(value), False)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Set a hyperparameter to a value of its type.

        Raises:
          KeyError: there is none of that name.
          ValueError: the value is of another type.
        """
        kind, is_list = self._types[name]
        if isinstance(value, list):
            if not is_list:
                raise ValueError(f"Must not pass a list for single-valued parameter: {name}")
            setattr(self, name, [_cast(name, kind, item) for item in value])
        else:
            if is_list:
                raise ValueError(f"Must pass a list for multi-valued parameter: {name}.")
            setattr(self, name, value if kind is type(None) else _cast(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Remove a hyperparameter, if there is one of that name."""
        if hasattr(self, name):
            delattr(self, name)
            del self._types[name]

    def parse(self, values: str) -> HParams:
        """Set hyperparameters from a text like "a=1,b=[2,3]".

        Raises:
          ValueError: the text is malformed, or does not fit the names and types.
        """
        return self.override_from_dict(parse_values(values, {name: kind for name, (kind, _) in self._types.items()}))

    def override_from_dict(self, values_dict: dict[str, Any]) -> HParams:
        """Set hyperparameters from a dict."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map: dict[str, Any]) -> HParams:
        """The former name of `override_from_dict`."""
        return self.override_from_dict(values_dict=values_map)

    def parse_json(self, values_json: str) -> HParams:
        """Set hyperparameters from a JSON object."""
        return self.override_from_dict(json.loads(values_json))

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The hyperparameters as a JSON object."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def values(self) -> dict[str, Any]:
        """The hyperparameters as a dict."""
        return {name: getattr(self, name) for name in self._types}

    def get(self, key: str, default: Any = None) -> Any:
        """A hyperparameter, or `default`.

        Raises:
          ValueError: the default is of another type.
        """
        if key not in self._types:
            return default
        if default is not None:
            kind, is_list = self._types[key]
            shown = f"list<{kind}>" if is_list else str(kind)
            failure = f"Hparam '{key}' of type '{shown}' is incompatible with default={default}"
            if isinstance(default, list) != is_list:
                raise ValueError(failure)
            try:
                for item in default if is_list else [default]:
                    _cast(key, kind, item)
            except ValueError as error:
                raise ValueError(f"{failure}. {error}") from None
        return getattr(self, key)

    def set_model_structure(self, model_structure: Any) -> None:
        """Set the object that goes with the hyperparameters."""
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        """The object that goes with the hyperparameters."""
        return self._model_structure

    def __contains__(self, key: str) -> bool:
        return key in self._types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())!r})"
