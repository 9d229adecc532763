"""What a name of TensorFlow's internal modules stands for, read from the data table `modules.txt`."""

from __future__ import annotations

import functools
import importlib
import re
from importlib.resources import files
from typing import Any

# Internal objects that TensorFlow never exported but old programs import all the same: "module:attribute".
_UNEXPORTED = {
    "tensorflow.python.client.device_lib": {
        "list_local_devices": "tfmagic.notebook.legacy.device_lib:list_local_devices"},
}

# TensorFlow's protocol buffers as the tensorboard package ships them.
_PROTO_PACKAGES = ("tensorflow.core.framework.", "tensorflow.core.protobuf.", "tensorflow.core.util.",
                   "tensorflow.core.example.")
_PROTO_HOME = "tensorboard.compat.proto."

# The generated modules of op functions: `gen_math_ops.mat_mul`.
_GENERATED = re.compile(r"tensorflow\.python\.ops\.gen_\w+_ops")


class UnknownName(LookupError):
    """The table has no such module or no such name in it."""


@functools.cache
def _lines() -> dict[str, str]:
    """Each internal module with its line of names, not parsed yet."""
    table: dict[str, str] = {}
    for line in files(__package__).joinpath("modules.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            module, _, names = line.partition(": ")
            table[module] = names
    for module in _UNEXPORTED:
        table.setdefault(module, "")
    return table


@functools.cache
def _packages() -> frozenset[str]:
    """Every prefix of an internal module's name: the packages around them."""
    packages = {"tensorflow.core", "tensorflow.core.framework", "tensorflow.core.protobuf", "tensorflow.core.util",
                "tensorflow.core.example"}
    for module in _lines():
        parts = module.split(".")
        packages.update(".".join(parts[:n]) for n in range(2, len(parts)))
    return frozenset(packages)


@functools.cache
def attributes(module: str) -> dict[str, str]:
    """The names in an internal module and what each stands for.

    Args:
      module: TensorFlow's dotted module name ("tensorflow.python.ops.math_ops").

    Returns:
      Attribute -> public name ("math.add"), "gen:" and an op function's name, or "module:attribute".
    """
    table = {}
    for word in _lines().get(module, "").split():
        name, _, target = word.partition("=")
        table[name] = target or name
    table.update(_UNEXPORTED.get(module, {}))
    return table


def is_module(name: str) -> bool:
    """Whether TensorFlow 1.15 has an internal module or package of this dotted name that the table knows."""
    return name in _lines() or name in _packages() or _GENERATED.fullmatch(name) is not None


def modules() -> list[str]:
    """The dotted names of all internal modules in the table."""
    return sorted(_lines())


def proto_module(name: str) -> str | None:
    """The module that holds TensorFlow's protocol buffers of the internal module `name`, or None."""
    for package in _PROTO_PACKAGES:
        if name.startswith(package) and name.endswith("_pb2"):
            return _PROTO_HOME + name[len(package):]
    return None


def public(name: str) -> Any:
    """The object of the public namespace called `name` ("nn.relu").

    Raises:
      AttributeError: tfmagic has no such name.
    """
    thing: Any = importlib.import_module("tfmagic.tf")
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def resolve(module: str, name: str) -> Any:
    """The object that `name` in an internal module stands for.

    Raises:
      UnknownName: the table has no such name.
      AttributeError: the table has it, tfmagic does not.
    """
    target = f"gen:{name}" if _GENERATED.fullmatch(module) else attributes(module).get(name)
    if target is None:
        raise UnknownName(name)
    if target.startswith("gen:"):
        return getattr(importlib.import_module("tfmagic.ops.raw"), target[len("gen:"):])
    if ":" in target:
        home, _, attribute = target.partition(":")
        return getattr(importlib.import_module(home), attribute)
    return public(target)


def nearest(module: str, name: str) -> str | None:
    """Where else a name is found that `module` does not have: a public name ("tf.nn.relu"), or None."""
    from tfmagic.base import export

    for known in export.table().lines:
        if known == name or known.endswith("." + name):
            return "tf." + known
    return None
