"""Records the names of TensorFlow 1.15: arguments, bases, members, values and deprecations of each.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_names.py             writes data/names.json, the public names
    python tests/oracle/record_names.py --internal  writes data/internal_names.json, those in tfmagic/tf/unexported.txt
One line for each object under its canonical name. A class lists what no public base of it lists already. What runs
under TensorFlow is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import importlib
import inspect
import io
import json
import os
import re
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tables"))


def written(value):
    """A default or constant as text that is the same in Python 2.7 and 3."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__name__
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(written(item) for item in value)) + "}"
    text = repr(value)
    text = re.sub(r"\bu(['\"])", r"\1", re.sub(r"(\d)L\b", r"\1", text))
    return re.sub(r"<(?:\w+\.)*(\w+) object at 0x\w+>", r"<\1 object>", text)


def arguments(function):
    """[name, default or None] for each argument, with * and ** before those that collect."""
    from tensorflow.python.util import tf_inspect

    spec = tf_inspect.getfullargspec(function)
    defaults = [written(d) for d in spec.defaults or ()]
    found = [[name, None] for name in spec.args]
    for argument, default in zip(reversed(found), reversed(defaults)):
        argument[1] = default
    if spec.varargs:
        found.append(["*" + spec.varargs, None])
    keywords = getattr(spec, "varkw", None) or getattr(spec, "keywords", None)
    found.extend([name, written((spec.kwonlydefaults or {}).get(name))] for name in spec.kwonlyargs)
    if keywords:
        found.append(["**" + keywords, None])
    return found


def deprecations(function):
    """What the warnings of a function, and of its arguments, say: [date, instructions], [date, instructions, names]."""
    from tensorflow.python.util import tf_decorator

    found = []
    while True:
        code = getattr(function, "__code__", None)
        if code is not None and getattr(function, "__closure__", None):
            held = dict(zip(code.co_freevars, (cell.cell_contents for cell in function.__closure__)))
            if isinstance(held.get("instructions"), (type(""), type(u""))):
                names = held.get("deprecated_arg_names") or held.get("deprecated_args") or ()
                if "deprecated_kwargs" in held:
                    names = ["%s=%s" % item for item in held["deprecated_kwargs"].items()]
                names = sorted(names)
                found.append([held.get("date"), held["instructions"]] + ([names] if "deprecated_positions" in held or (
                    "deprecated_kwargs" in held or "deprecated_arg_names" in held) else []))
        decorator = getattr(function, "_tf_decorator", None)
        if decorator is None or decorator.decorated_target is function:
            return found
        function = tf_decorator.TFDecorator.decorated_target.fget(decorator)


def of_function(function):
    entry = {"arguments": arguments(function)}
    warned = deprecations(function)
    if warned:
        entry["deprecated"] = warned
    return entry


def of_class(cls, public):
    """Bases, and the members that no public base has."""
    entry = {"bases": [(b.__module__ + "." + b.__name__).replace("__builtin__", "builtins")
                       for b in cls.__bases__ if b is not object], "members": {}}
    for name in sorted(set(dir(cls))):
        owner = next((c for c in inspect.getmro(cls) if name in vars(c)), object)
        if owner is object or (name.startswith("_") and name not in ("__init__", "__call__")) or (
                owner is not cls and owner in public) or owner.__module__ in ("__builtin__", "builtins"):
            continue
        value = vars(owner)[name]
        if isinstance(value, property):
            entry["members"][name] = "property"
        elif isinstance(value, (staticmethod, classmethod)) or inspect.isroutine(value):
            try:
                entry["members"][name] = of_function(getattr(cls, name))
            except TypeError:
                entry["members"][name] = "built in"
        elif not inspect.isdatadescriptor(value):
            entry["members"][name] = "value " + written(value)
    return entry


def main():
    import record  # the recorder of the tables knows which names are public

    members, _, _ = record.public_members()
    rows, _ = record.grouped(members)
    things = [(names[0], members[names[0]] if names[0] in members else record.tf.__dict__.get(names[0]))
              for names in rows]
    public = {thing for _, thing in things if inspect.isclass(thing)}
    lines = []
    for name, thing in things:
        if name.split(".")[0] in ("keras", "estimator") or name.startswith("raw_ops"):
            continue
        if inspect.isclass(thing) and hasattr(thing, "DESCRIPTOR"):
            entry = {"kind": "message"}
        elif inspect.isclass(thing):
            entry = dict(of_class(thing, public), kind="class")
        elif inspect.isroutine(thing):
            entry = dict(of_function(thing), kind="function")
        elif inspect.ismodule(thing):
            entry = {"kind": "module"}
        else:
            entry = {"kind": "constant", "type": type(thing).__name__, "value": written(thing)}
        lines.append(json.dumps(name) + ": " + json.dumps(entry, sort_keys=True))
    write("names.json", lines)


def internal():
    """The arguments of internal functions, and of the constructors of internal classes."""
    lines = []
    with io.open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "tfmagic", "tf", "unexported.txt"),
                 encoding="utf-8") as table:
        for line in table:
            module, _, words = line.partition(": ")
            if line[0] == "#":
                continue
            for word in words.split():
                name = word.partition("=")[0]
                thing = getattr(importlib.import_module(module), name)
                entry = {"kind": "constant"}
                if inspect.isclass(thing):
                    entry = {"kind": "class", "arguments": arguments(thing.__init__)[1:]} if inspect.isroutine(
                        thing.__init__) and hasattr(thing.__init__, "__code__") else {"kind": "class"}
                elif inspect.isroutine(thing):
                    entry = {"kind": "function", "arguments": arguments(thing)}
                lines.append(json.dumps(module + ":" + name) + ": " + json.dumps(entry, sort_keys=True))
    write("internal_names.json", lines)


def write(file, lines):
    import tensorflow as tf

    text = "{\n" + ",\n".join(["%s: %s" % (json.dumps("recorded from"), json.dumps("TensorFlow " + tf.__version__))]
                              + lines) + "\n}\n"
    with io.open(os.path.join(HERE, "data", file), "w", encoding="utf-8") as out:
        out.write(text if isinstance(text, type(u"")) else text.decode("utf-8"))


if __name__ == "__main__":
    internal() if "--internal" in sys.argv else main()
