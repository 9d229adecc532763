"""Names are TensorFlow 1.15's: arguments with their defaults, bases, members, values and deprecations."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest
from oracle.record import DATA

from tfmagic import tf  # noqa: F401  # the namespace whose names these are
from tfmagic.base import export
from tfmagic.tf import internal, namespace

PACKAGE = Path(namespace.__file__).parents[1]

with open(f"{DATA}/names.json", encoding="utf-8") as _text:
    RECORDED = {name: entry for name, entry in json.load(_text).items() if isinstance(entry, dict)}
VARIADIC = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}

# What stays different, and why.
MEANT = {
    "Operation.__init__": "a graph makes operations",
    "dtypes.DType.__init__": "there are no other types than those that exist",
    "Graph.seed": "an attribute of each graph, not of the class",
    "layers.BatchNormalization.trainable": "an attribute of each layer, not of the class",
    "train.LooperThread.isAlive": "Python 3.9 took this name from threads; is_alive is there",
    "compat.bytes_or_text_types": "the types of texts in Python 3",
    "version.VERSION": "tfmagic is 1.15.2, in which nothing but security fixes differs",
    "version.GIT_VERSION": "names tfmagic",
    "version.COMPILER_VERSION": "names the interpreter",
}


def supported(name):
    return export.is_supported(name) and not namespace._is_foreign(name)


def places():
    """The public modules that hold recorded names."""
    return sorted({name.rpartition(".")[0] for name in RECORDED if supported(name)})


def written(value):
    """A default or constant as the record writes it."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__name__
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(written, value))) + "}"
    return re.sub(r"<(?:\w+\.)*(\w+) object at 0x\w+>", r"<\1 object>", repr(value)).replace("<class '", "<type '")


def arguments(function):
    """[name, default or None] for each argument; that which is bound is `self` or `cls`."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        default = None if parameter.default is parameter.empty else written(parameter.default)
        found.append([VARIADIC.get(parameter.kind, "") + parameter.name, default])
    return found


def call(name, found):
    return f"{name}({', '.join(n if d is None else f'{n}={d}' for n, d in found)})"


def warnings_of(function):
    """What the deprecation decorators of a function say."""
    found = []
    while function is not None:
        within = getattr(function, "__wrapped__", None)
        if getattr(function, "warns", None) is not getattr(within, "warns", None):
            found.append(list(function.warns))
        function = within
    return found


def of_function(name, function, entry):
    yield from of_arguments(name, function, entry["arguments"])
    yield from of_warnings(name, function, entry)


def of_arguments(name, function, wanted):
    found = arguments(function)
    if [n for n, _ in wanted] == ["*args", "**kwds"]:  # Python 2's contextmanager hides what it decorates
        return
    if [n for n, _ in wanted] != [n for n, _ in found] or not all(
            same(a, b) for (_, a), (_, b) in zip(wanted, found)):
        yield f"{call(name, found)}\n    TensorFlow: {call(name, wanted)}"


def of_warnings(name, function, entry):
    if sorted(map(str, warnings_of(function))) != sorted(map(str, entry.get("deprecated", []))):
        yield f"{name} warns {warnings_of(function)}\n    TensorFlow: {entry.get('deprecated', [])}"


def same(wanted, found):
    """Whether two written values are equal; numbers count by value."""
    if wanted == found:
        return True
    try:  # a default that cannot change may stand for a list
        if "[" in f"{wanted}":
            return list(ast.literal_eval(wanted)) == list(ast.literal_eval(found))
        return float(wanted) == float(found)
    except (TypeError, ValueError, SyntaxError):
        return False


def of_class(name, cls, entry):
    if not inspect.isclass(cls):
        yield f"{name} is no class"
        return
    known = {f"{c.__module__}.{c.__name__}" for c in inspect.getmro(cls)}
    public = {f"{export.row(n).module}.{export.row(n).attribute}" for n in RECORDED if supported(n)}
    for base in entry["bases"]:
        if base not in known and (base in public or base.startswith("builtins.")):
            yield f"{name} has no base {base}"
    for member, what in entry["members"].items():
        full = f"{name}.{member}"
        static = inspect.getattr_static(cls, member, None)
        if member == "__init__" and isinstance(what, dict):
            yield from of_arguments(full, cls, what["arguments"][1:])
            yield from of_warnings(full, static, what)
        elif static is None and not hasattr(cls, member):
            yield f"{full} is missing"
        elif what == "property":
            if inspect.isroutine(static):
                yield f"{full} is no property"
        elif isinstance(what, dict):
            function = static.__func__ if isinstance(static, (staticmethod, classmethod)) else static
            if not callable(function) and not hasattr(cls, member):
                yield f"{full} is no method"
            elif is_of_a_library(cls, member):  # unittest's and absl's methods are those of today
                continue
            else:  # a decorator of TensorFlow's calls the argument that is bound otherwise
                wanted = [["self" if n == "instance" else n, d] for n, d in what["arguments"]]
                yield from of_function(full, function, {**what, "arguments": wanted})
        elif what.startswith("value ") and not same(what[6:], written(getattr(cls, member))):
            yield f"{full} = {written(getattr(cls, member))}\n    TensorFlow: {what[6:]}"


def is_of_a_library(cls, member):
    """Whether a class has a method from a base that is none of ours."""
    owner = next((c for c in inspect.getmro(cls) if member in vars(c)), None)
    return owner is not None and owner.__module__.partition(".")[0] in ("unittest", "absl")


def differences(name, entry):
    thing = export.find(name)
    if entry["kind"] == "function":
        yield from of_function(name, thing, entry)
    elif entry["kind"] == "class":
        yield from of_class(name, thing, entry)
    elif entry["kind"] == "constant" and not same(entry["value"].replace("<class '", "<type '"), written(thing)):
        yield f"{name} = {written(thing)}\n    TensorFlow: {entry['value']}"


@pytest.mark.parametrize("place", places())
def test_names_are_tensorflows(place):
    lines = [line for name, entry in RECORDED.items() if name.rpartition(".")[0] == place and supported(name)
             for line in differences(name, entry) if re.split(r"[( ]", line)[0] not in MEANT]
    assert not lines, f"{len(lines)} differences:\n" + "\n".join(lines)


# --- internal names ---------------------------------------------------------------------------------------------------

with open(f"{DATA}/internal_names.json", encoding="utf-8") as _text:
    INTERNAL = {name: entry for name, entry in json.load(_text).items() if isinstance(entry, dict)}


def test_the_record_has_every_internal_name():
    with open(f"{PACKAGE}/tf/unexported.txt", encoding="utf-8") as table:
        lines = [line.partition(": ") for line in table if line[0] != "#"]
    listed = {f"{module}:{word.partition('=')[0]}" for module, _, words in lines for word in words.split()}
    assert listed == set(INTERNAL)


# What takes other arguments, and why.
MEANT_INTERNAL = {
    "function:Defun": "the options of a decorator are listed",
    "ops:internal_convert_to_tensor": "a default is a class of ours",
    "summary_op_util:collect": "the default collections have a default",
    "gradients_impl:gradients_v2": "a default is its value",
    "test_util:enable_output_all_intermediates": "the test itself, whatever its decorator",
    "function:_FuncGraph": "functions make their graphs; the class is there for isinstance",
    "test_util:enable_c_shapes": "what stands for TensorFlow's decorator names its argument otherwise",
    "file_io:FileIO": "the mode has a default",
    "control_flow_ops:CondContext": "contexts are not read from collections",
    "control_flow_ops:WhileContext": "contexts are not read from collections",
    "control_flow_ops:ControlFlowContext": "contexts are not read from collections",
    "resource_variable_ops:BaseResourceVariable": "both kinds of variables share tf.Variable's constructor",
    "resource_variable_ops:UninitializedVariable": "as all variables it is made by __new__",
    "resource_variable_ops:ResourceVariable": "both kinds of variables share tf.Variable's constructor",
    "resource_variable_ops:_UnreadVariable": "assignments make it; the class is there for isinstance",
    "variables:RefVariable": "both kinds of variables share tf.Variable's constructor",
    "template:Template": "templates build graphs, not functions",
    "variable_scope:_pure_variable_scope": "what a scope sets is given by name",
}


@pytest.mark.parametrize("name", INTERNAL)
def test_an_internal_name_takes_tensorflows_arguments(name):
    entry, thing = INTERNAL[name], internal.resolve(*name.split(":"))
    if entry["kind"] != "constant":
        assert entry["kind"] == ("class" if inspect.isclass(thing) else "function" if callable(thing) else "")
    of_a_library = getattr(thing, "__module__", "").partition(".")[0] not in ("tfmagic", "tensorflow")
    if "arguments" in entry and not of_a_library and name.rpartition(".")[2] not in MEANT_INTERNAL:
        assert not list(of_arguments(name, thing, entry["arguments"]))
