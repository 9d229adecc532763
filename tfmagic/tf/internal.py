"""TensorFlow's internal modules (`tensorflow.python.ops.math_ops`): what their names stand for.

`modules.txt` has the names of public objects, `unexported.txt` those that were never public.
"""

from __future__ import annotations

import functools
import importlib
import os
from types import FunctionType, ModuleType
from typing import Any

from tfmagic.base import export, messages
from tfmagic.tf import missing

# Where TensorFlow has its protocol buffers.
_PROTO_PACKAGES = ("tensorflow.core.framework", "tensorflow.core.protobuf", "tensorflow.core.util",
                   "tensorflow.core.example", "tensorflow.core.profiler", "tensorflow.core.kernels.boosted_trees",
                   "tensorflow.python.training")


_CONTRIB = "tensorflow.contrib."


# Internal packages of tf.contrib that have the names of their modules, as far as these public modules have them.
_GATHERING = {
    "tensorflow.contrib.framework.python.framework": ("contrib.framework",),
    "tensorflow.contrib.framework.python.ops": ("contrib.framework",),
    "tensorflow.contrib.layers.python.layers": ("contrib.layers",),
    "tensorflow.contrib.losses.python.losses": ("contrib.losses",),
}


class UnknownName(LookupError):
    """The table has no such module or no such name in it."""


class InternalModule(ModuleType):
    """One of TensorFlow's internal modules: each name is looked up in the table when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [n for n in attributes(self.__name__) if not n.startswith("_") and hasattr(self, n)]
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        try:
            thing = resolve(self.__name__, name)
        except UnknownName:
            if not is_module(f"{self.__name__}.{name}"):
                raise AttributeError(unknown_name(self.__name__, name)) from None
            thing = module(f"{self.__name__}.{name}")
        if not attributes(self.__name__).get(name, "").endswith("()"):
            super().__setattr__(name, thing)
        return thing

    def __setattr__(self, name: str, value: Any) -> None:
        """As in TensorFlow's tests what a switch stands at can be set, and a function that its module calls by name."""
        target = attributes(self.__name__).get(name, "") if name[:2] != "__" else ""
        if target.endswith("()"):
            home, _, function = target.removesuffix("()").partition(":")
            getattr(importlib.import_module(home, "tfmagic"), f"set_{function}")(value)
        else:
            place = _home_of(self.__name__, name) if type(value) is not ModuleType and name[:2] != "__" else None
            super().__setattr__(name, value)
            if place is not None:
                _displaced.setdefault(place, vars(place[0])[place[1]])
                setattr(place[0], place[1], value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        place = _home_of(self.__name__, name)
        if place is not None and place in _displaced:
            setattr(place[0], place[1], _displaced.pop(place))

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *attributes(self.__name__)})


# Functions of the house in whose place a program has put others, by their home.
_displaced: dict[tuple[ModuleType, str], Any] = {}


def _home_of(module_name: str, name: str) -> tuple[ModuleType, str] | None:
    """The module of the house and the name in it of the function that a name in an internal module stands for."""
    target = attributes(module_name).get(name, "@")
    if target[0] == "@" or target.startswith("gen:"):
        return None
    place, _, attribute = target.partition(":")
    if not attribute:
        row = export.row(target)
        if row is None or not row.home:
            return None
        place, attribute = f".{row.home}", row.attribute
    home = importlib.import_module(place, "tfmagic")
    found = home, attribute
    return found if found in _displaced or isinstance(vars(home).get(attribute), FunctionType) else None


@functools.cache
def module(name: str) -> InternalModule:
    """The internal module of this dotted name; nothing is put into `sys.modules`."""
    return InternalModule(name, f"TensorFlow's internal module {name}, as tfmagic offers it.")


def unknown_name(module_name: str, name: str) -> str:
    """What to say of a name that an internal module does not have here."""
    if missing.is_listed(f"{module_name}.{name}".partition(".")[2]):
        return f"tfmagic has no {module_name}.{name}. " + missing.alternative(f"{module_name}.{name}".partition(".")[2])
    public_name = nearest(name)
    hint = f"use {public_name}" if public_name else "use the public function of `tf` that does the same"
    return f"tfmagic has no {module_name}.{name}. It is not part of TensorFlow's public interface; {hint}."


def nearest(name: str) -> str | None:
    """Where else a name is found that an internal module does not have: a public name ("tf.nn.relu"), or None."""
    for known in export.table().lines:
        if (known == name or known.endswith("." + name)) and export.is_supported(known):
            return "tf." + known
    return None


@functools.cache
def _lines() -> dict[str, str]:
    """Each internal module with its line of names, not parsed yet."""
    table: dict[str, str] = {}
    for file in ("modules.txt", "unexported.txt"):
        with open(os.path.join(os.path.dirname(__file__), file), encoding="utf-8") as text:
            for line in text:
                if line[0] != "#":
                    name, _, names = line.partition(":")
                    table[name] = f"{table.get(name, '')} {names}"
    return table


@functools.cache
def _packages() -> frozenset[str]:
    """Every prefix of an internal module's name: the packages around them (those of tf.contrib: `_contrib`)."""
    packages = {"tensorflow.core", "tensorflow.core.kernels", *_PROTO_PACKAGES}
    for name in _lines():
        parts = name.split(".")
        if not name.startswith(_CONTRIB):
            packages.update(".".join(parts[:n]) for n in range(2, len(parts)))
    return frozenset(packages)


@functools.cache
def attributes(module_name: str) -> dict[str, str]:
    """The names in an internal module and what each stands for.

    Args:
      module_name: TensorFlow's dotted module name ("tensorflow.python.ops.math_ops").

    Returns:
      Attribute -> public name ("math.add"), "gen:" and an op function's name, "@" and another internal module, or
      "home:attribute" of the house (".tf.nn.softmax:softmax") or of another library.
    """
    table = dict(_contrib().get(module_name, {})) if module_name.startswith(_CONTRIB) else {}
    for word in _lines().get(module_name, "").split():
        name, _, target = word.partition("=")
        table[name] = f"{target}{name}" if target[-1:] == ":" else target or name
    return table


def is_module(name: str) -> bool:
    """Whether TensorFlow 1.15 has an internal module or package of this dotted name that the table knows."""
    if name.startswith(_CONTRIB):
        return name in _contrib()
    return name in _lines() or name in _packages() or _is_generated(name)


@functools.cache
def _contrib() -> dict[str, dict[str, str]]:
    """The internal modules of tf.contrib and the packages around them, each with its names and the public ones."""
    table = export.contrib_table()
    public_modules = {"tensorflow." + path for path in table.modules}
    found: dict[str, dict[str, str]] = {}
    for name, line in table.lines.items():
        origin = line.split(" |")[1].strip()
        module_name, _, attribute = origin.partition(":")
        if origin == "-":
            module_name = table.modules[name.rpartition(".")[0]]
        package, _, last = name.rpartition(".")
        public = table.modules[package]  # what the public module itself is: it has the name by which the line goes
        if public.startswith(_CONTRIB) and public not in public_modules:
            found.setdefault(public, {})[last] = name
        if module_name.startswith(_CONTRIB) and module_name not in public_modules:
            found.setdefault(module_name, {})[attribute or last] = name
            gathering = module_name.rpartition(".")[0]
            if package in _GATHERING.get(gathering, ()):
                found.setdefault(gathering, {})[last] = name
    for module_name in [*found, *(name for name in _lines() if name.startswith(_CONTRIB))]:
        while module_name.startswith(_CONTRIB) and module_name not in public_modules:
            found.setdefault(module_name, {})
            module_name = module_name.rpartition(".")[0]
    return found


def _is_generated(name: str) -> bool:
    """Whether a module is one of those that hold op functions: `gen_math_ops.mat_mul`."""
    package, _, last = name.rpartition(".")
    return package in ("tensorflow.python.ops", "tensorflow.python.training") and last.startswith(
        "gen_") and last.endswith("_ops")


def modules() -> list[str]:
    """The dotted names of all internal modules in the table."""
    return sorted(_lines())


def proto_module(name: str) -> str | None:
    """The module of `base.messages` that stands for the internal module `name`, or None."""
    package, _, last = name.rpartition(".")
    return last if package in _PROTO_PACKAGES and last.endswith("_pb2") and messages.is_module(last) else None


def public(name: str) -> Any:
    """The object of the public namespace called `name` ("nn.relu").

    Raises:
      AttributeError: tfmagic has no such name.
    """
    thing: Any = importlib.import_module("tfmagic.tf")
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def resolve(module_name: str, name: str) -> Any:
    """The object that `name` in an internal module stands for.

    Raises:
      UnknownName: the table has no such name.
      AttributeError: the table has it, tfmagic does not.
    """
    if _is_generated(module_name):
        plain = name.removeprefix("_")
        target: str | None = f"raw_ops.{name}" if plain[:1].isupper() else f"gen:{plain}"
    else:
        target = attributes(module_name).get(name)
    if target is None:
        # `tensorflow.python.ops` is a package, and as an attribute of its own the module `framework.ops`.
        parent, _, last = module_name.rpartition(".")
        twin = attributes(parent).get(last, "")
        if twin[:1] != "@" or is_module(f"{module_name}.{name}"):
            raise UnknownName(name)
        return resolve(twin[1:], name)
    if target[0] == "@":
        submodule = f"{module_name}.{name}"
        return module(submodule if is_module(submodule) else target[1:])
    if target.startswith("gen:"):
        return getattr(importlib.import_module("tfmagic.ops.raw"), target[len("gen:"):])
    if ":" in target:
        home, _, attribute = target.partition(":")
        thing = getattr(importlib.import_module(home, "tfmagic"), attribute.removesuffix("()"))
        return thing() if attribute.endswith("()") else thing
    return export.find(target) if export.is_supported(target) else public(target)
