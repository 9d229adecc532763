"""Writes what TensorFlow 1.15 says of `tf.contrib` into its table of public names.

Run it with the Python of TensorFlow 1.15 (2.7 or 3), then let `python -m tables` add the homes in tfmagic:

    PYTHON_OF_115 tables/record_contrib.py && python -m tables
"""

from __future__ import print_function

import inspect
import re
import types

import record
import tensorflow.contrib  # without this only a part of it is loaded
import tensorflow.contrib.slim.nets  # a part that TensorFlow itself does not load

HEAD = """\
# Names of tf.contrib in TensorFlow 1.15: one object a line (tables/record_contrib.py; `python -m tables` writes the
# last column). As exports.txt; `=name` in place of the module: the object is the public one of that name.
"""
DEPTH = 4
# What a module makes public although TensorFlow defines it elsewhere, outside of contrib.
KEPT = ("contrib.distributions.bijectors.Bijector", "contrib.distributions.bijectors.Identity")


def is_contrib(value):
    return isinstance(value, types.ModuleType) and value.__name__.startswith("tensorflow.contrib.")


def belongs(module, path):
    """Whether a module that is a member of `path` is a public part of it, not just something that it imports."""
    inner = module.__name__.split(".")
    return len(path.split(".")) < DEPTH and (path == "contrib" or inner[2] in path.split(".") or path == "contrib.slim")


def walk():
    """Full name -> member, and the public modules with their names in TensorFlow."""
    members, modules = {}, {"contrib": "tensorflow.contrib"}

    def visit(module, path):
        for name in sorted(set(dir(module))):
            full = path + "." + name
            if name.startswith("_") or name == "python":
                continue
            try:
                value = getattr(module, name)
            except Exception:  # what needs a library that is not there
                continue
            if is_contrib(value):
                if belongs(value, path):
                    modules[full] = value.__name__
                    visit(value, full)
            elif not isinstance(value, types.ModuleType) and type(value).__name__ not in ("LazyLoader", "_Feature"):
                members[full] = value

    visit(tensorflow.contrib, "contrib")
    return members, modules


def groups(members):
    """Lists of names of one object each; what a module of a module merely imports is no public name."""
    found = {}
    for full in sorted(members, key=lambda name: (name.count("."), name)):
        value = members[full]
        where = record.origin(value)
        own = full in KEPT or full.startswith("contrib.keras.datasets.") or (
            where and where[0].startswith("tensorflow.contrib."))
        if full.count(".") > 2 and not own and not (
                isinstance(value, (int, float, str, tuple, list, dict)) and full.rpartition(".")[2].isupper()):
            continue
        shared = inspect.isclass(value) or inspect.isroutine(value)
        found.setdefault(id(value) if shared else full, []).append(full)
    return sorted(found.values())


def lines():
    """The lines of contrib.txt."""
    core, _, _ = record.public_members()
    rows, _ = record.grouped(core)
    canonical = {id(core[name]): names[0] for names in rows for name in names if name in core and (
        inspect.isclass(core[name]) or inspect.isroutine(core[name]))}
    members, modules = walk()
    result = HEAD.splitlines() + ["module %s | %s" % item for item in sorted(modules.items())]
    for names in groups(members):
        value = members[names[0]]
        where = record.origin(value)
        if id(value) in canonical:
            text = "=" + canonical[id(value)]
        elif where is None or not re.match(r"tensorflow\b", where[0]):
            if where is not None:
                continue  # an object of Python or NumPy that a module happens to hold
            text = "-"
        else:
            module, name = where
            text = module[len("tensorflow.python"):] if module.startswith("tensorflow.python.") else module
            if name != names[0].rpartition(".")[2]:
                text += ":" + name
        result.append("%s | %s |" % (" ".join(names), text))
    return result


if __name__ == "__main__":
    record.write("base/contrib.txt", lines())
