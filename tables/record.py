"""Writes what TensorFlow 1.15 says into the three tables: op definitions, public names, internal modules.

Run it with the Python of TensorFlow 1.15 (2.7 or 3), then let `python -m tables` add the homes in tfmagic:

    PYTHON_OF_115 tables/record.py && python -m tables

Everything is read from the running library: the registered op definitions, the functions made for them, the public
modules and their members, the warnings that old names print.
"""

from __future__ import print_function

import importlib
import inspect
import io
import json
import logging
import os
import pkgutil
import re
import sys
import types

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python import pywrap_tensorflow
from tensorflow.python.framework import kernels
from tensorflow.python.framework.ops import _gradient_registry as gradients
from tensorflow.python.ops import while_v2  # noqa: F401  # it registers gradients, and is imported by its first use
from tensorflow.python.util import compat, tf_decorator, tf_inspect

ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tfmagic")

# --- op definitions -------------------------------------------------------------------------------------------------

# Ops of the library itself that have no Python function but stand in graphs all the same.
WITHOUT_FUNCTION = ("Copy", "CopyHost", "DebugIdentity", "DebugNanCount", "DebugNumericSummary", "HostConst",
                    "NegTrain", "RemoteFusedGraphExecute", "Rpc", "Skipgram", "TensorForestCreateTreeVariable",
                    "TensorForestTreeDeserialize", "TensorForestTreeIsInitializedOp", "TensorForestTreePredict",
                    "TensorForestTreeResourceHandleOp", "TensorForestTreeSerialize", "TensorForestTreeSize", "TryRpc")
# Ops that tf.contrib brings, by the module that holds their functions.
OF_CONTRIB = {
    "factorization.python.ops.gen_factorization_ops": ("MaskedMatmul", "WALSComputePartialLhsAndRhs"),
    "image.ops.gen_distort_image_ops": ("AdjustHsvInYiq",),
    "image.ops.gen_image_ops": ("BipartiteMatch", "ImageConnectedComponents", "ImageProjectiveTransform",
                                "ImageProjectiveTransformV2"),
    "image.ops.gen_single_image_random_dot_stereograms_ops": ("SingleImageRandomDotStereograms",),
    "input_pipeline.ops.gen_input_pipeline_ops": ("ObtainNext",),
    "layers.ops.gen_sparse_feature_cross_op": ("SparseFeatureCross", "SparseFeatureCrossV2"),
    "memory_stats.ops.gen_memory_stats_ops": ("BytesInUse", "BytesLimit", "MaxBytesInUse"),
    "periodic_resample.python.ops.gen_periodic_resample_op": ("PeriodicResample", "PeriodicResampleOpGrad"),
    "resampler.ops.gen_resampler_ops": ("Resampler", "ResamplerGrad"),
    "seq2seq.ops.gen_beam_search_ops": ("GatherTree",),
}
# Ops whose gradients it brings, which their callers import.
GRADIENT_OF_CONTRIB = ("Batch", "GRUBlockCell", "LSTMBlockCell", "Unbatch")

SETS = [
    ("$numbers", "float double int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 uint16 complex128 "
                 "half uint32 uint64"),
    ("$index", "int32 int64"),
    ("$quantized", "qint8 quint8 qint32 qint16 quint16"),
    ("$real", "float double int32 uint8 int16 int8 int64 bfloat16 uint16 half uint32 uint64"),
    ("$floating", "half bfloat16 float double"),
    ("$inexact", "bfloat16 half float double complex64 complex128"),
]

OPDEFS_HEAD = """\
# Op definitions of TensorFlow 1.15: one op a line (tables/record.py; `python -m tables` writes the last column).
# Op | Python function | inputs | outputs | attrs (in the order of the Python function) | flags | home in tfmagic
# flags: `defined=a,b` = the order of the attrs in the op's definition, where it is another
# `a as b` = the function calls input a b; `= x as y` = where its caller is silent it gives y; $name = a set of types
"""
TEST_OPDEFS_HEAD = """\
# The ops of TensorFlow 1.15's `framework.test_ops`, in the form of opdefs.txt (tables/record.py): no op of the library,
# but its own tests, and those written in their manner, build graphs of them.
"""


def type_name(number):
    """`DT_FLOAT_REF` as "float" (whether it is a reference is said elsewhere)."""
    return types_pb2.DataType.Name(number)[3:].lower()


def generated_functions():
    """Op type -> (the module of its Python function, its name, the function)."""
    found = {}
    for module_name in sorted(sys.modules):
        if not re.match(r"tensorflow\.python\.(ops|training)\.gen_\w+$", module_name) or not sys.modules[module_name]:
            continue
        module = sys.modules[module_name]
        members = {k: v for k, v in vars(module).items()
                   if isinstance(v, types.FunctionType) and v.__module__ == module_name}
        # The same function is there once under the op's own name.
        for op_type in members:
            snake = snake_case(op_type)
            for name in (snake, "_" + snake):
                if op_type[0].isupper() and name in members and arguments(members[name]) == arguments(
                        members[op_type]):
                    found[op_type] = (module_name, name, members[name])
    return found


def snake_case(op_type):
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", op_type)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"(\d)_(D)(?=_|$)", r"\1\2", name).lower()


def arguments(function):
    return [a for a in tf_inspect.getfullargspec(function).args if a != "name"]


def defaults(function):
    spec = tf_inspect.getfullargspec(function)
    return dict(zip(reversed(spec.args), reversed(spec.defaults or ())))


def default_text(attr):
    """An attr's default as JSON."""
    value = attr.default_value
    kind = value.WhichOneof("value")
    if kind == "list":
        part = attr.type[5:-1]
        items = {"int": value.list.i, "float": value.list.f, "bool": value.list.b, "string": value.list.s,
                 "type": value.list.type, "shape": value.list.shape, "tensor": value.list.tensor}[part]
        return json.dumps([plain(part, item) for item in items])
    return json.dumps(plain(attr.type, getattr(value, kind)))


def plain(kind, value):
    if kind == "type":
        return type_name(value)
    if kind == "string":
        return value.decode("utf-8") if isinstance(value, bytes) else value
    if kind == "shape":
        return "?" if value.unknown_rank else [dim.size for dim in value.dim]
    if kind == "tensor":
        return str(value).strip()
    return value.name if kind == "func" else value


def attr_text(attr):
    text = attr.name + ": " + attr.type
    allowed = attr.allowed_values.list
    words = " ".join([type_name(t) for t in allowed.type] or [s.decode("utf-8") for s in allowed.s])
    if words:
        text += " {" + next((name for name, members in SETS if members == words), words) + "}"
    if attr.has_minimum:
        text += " >= %d" % attr.minimum
    if attr.HasField("default_value"):
        text += " = " + default_text(attr)
    return text


def free_attr_text(attr, shown, given):
    """An attr that the Python function takes; only the defaults of flags ever differ from the op's own."""
    text = attr_text(attr)
    if attr.name in shown:
        text = text.replace(attr.name, attr.name + " as " + shown[attr.name], 1)
    if attr.type == "bool" and given.get(attr.name, attr.default_value.b) != attr.default_value.b:
        text += " as " + json.dumps(given[attr.name])
    return text


def arg_text(arg, shown):
    if arg.type_list_attr:
        spec = "list(%s)" % arg.type_list_attr
    else:
        spec = arg.type_attr or type_name(arg.type)
        if arg.number_attr:
            spec = arg.number_attr + " * " + spec
    if arg.is_ref:
        spec = "ref(%s)" % spec
    return (arg.name if shown in (None, arg.name) else arg.name + " as " + shown) + ": " + spec


def gradient_flag(op_type):
    """Whether tf.gradients goes through an op, stops there, or refuses it."""
    try:
        return ["gradient" if gradients.lookup(op_type) else "stops_gradients"]
    except LookupError:
        return []


def kernel_flag(op_type):
    """What a build of TensorFlow for CPUs (and GPUs) has no kernel of."""
    found = {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(op_type).kernel}
    return [] if found & {"CPU", "DEFAULT"} else ["gpu_only" if "GPU" in found else "no_kernel"]


def op_line(op, function):
    inferred = set()
    for arg in op.input_arg:
        inferred.update(a for a in (arg.type_attr, arg.number_attr, arg.type_list_attr) if a)
    free = [a for a in op.attr if a.name not in inferred]
    shown = {}
    if function is None:
        order = sorted(free, key=lambda a: a.HasField("default_value"))
    else:
        # Arguments that are no attr or input by name are those that the function calls otherwise.
        args = arguments(function)
        by_name = {a.name: a for a in list(op.input_arg) + free}
        unknown = [a for a in args if a not in by_name]
        missing = [a.name for a in list(op.input_arg) + free if a.name not in args]
        if len(unknown) != len(missing):
            raise ValueError("%s: %s do not tell %s" % (op.name, unknown, missing))
        shown = dict(zip(missing, unknown))
        real = dict(zip(unknown, missing))
        attr_of = {a.name: a for a in free}
        order = [attr_of[real.get(a, a)] for a in args if real.get(a, a) in attr_of]
    given = {} if function is None else defaults(function)
    attrs = [free_attr_text(a, shown, given) for a in order] + [attr_text(a) for a in op.attr if a.name in inferred]
    flags = [word for word, said in (("stateful", op.is_stateful), ("commutative", op.is_commutative),
                                     ("aggregate", op.is_aggregate),
                                     ("allows_uninitialized_input", op.allows_uninitialized_input)) if said]
    if not hasattr(tf.raw_ops, op.name):
        flags.append("not_raw")
    flags.extend(gradient_flag(op.name) + kernel_flag(op.name))
    defined = [a.name for a in op.attr]
    if defined != [a.name for a in order] + [a.name for a in op.attr if a.name in inferred]:
        flags.append("defined=" + ",".join(defined))
    if op.HasField("deprecation"):
        flags.append('deprecated=%d "%s"' % (op.deprecation.version, op.deprecation.explanation))
    return " | ".join([op.name, snake_case(op.name), "; ".join(arg_text(a, shown.get(a.name)) for a in op.input_arg),
                       "; ".join(arg_text(a, None) for a in op.output_arg), "; ".join(attrs), " ".join(flags)]) + " |"


def op_definitions():
    """The lines of opdefs.txt."""
    functions = generated_functions()
    lines = registered_lines(functions)  # tf.contrib brings gradients for some of these
    for module_name, names in OF_CONTRIB.items():
        importlib.import_module("tensorflow.contrib." + module_name.partition(".")[0])
        module = importlib.import_module("tensorflow.contrib." + module_name)
        functions.update((name, (module.__name__, snake_case(name), getattr(module, snake_case(name))))
                         for name in names)
    again = registered_lines(functions)
    lines.update((name, again[name]) for name in sum(OF_CONTRIB.values(), ()) + GRADIENT_OF_CONTRIB)
    return OPDEFS_HEAD.splitlines() + ["%s = %s" % item for item in SETS] + [lines[name] for name in sorted(lines)]


def test_op_definitions():
    """The lines of opdefs_of_tests.txt: the ops that TensorFlow's own tests build graphs of."""
    module = importlib.import_module("tensorflow.python.framework.test_ops")
    functions = {name: (module.__name__, snake_case(name), getattr(module, snake_case(name)))
                 for name in dir(module) if name[0].isupper() and hasattr(module, snake_case(name))}
    functions["None"] = (module.__name__, "none", module.none)
    lines = registered_lines(functions)
    return TEST_OPDEFS_HEAD.splitlines() + [lines[name] for name in sorted(lines) if name not in WITHOUT_FUNCTION]


def registered_lines(functions):
    """The lines of the ops that are registered now and have a function, or need none."""
    registered = op_def_pb2.OpList()
    registered.ParseFromString(pywrap_tensorflow.TF_GetBuffer(pywrap_tensorflow.TF_GetAllOpList()))
    return {op.name: op_line(op, functions[op.name][2] if op.name in functions else None)
            for op in registered.op if op.name in functions or op.name in WITHOUT_FUNCTION}


# --- public names ---------------------------------------------------------------------------------------------------

EXPORTS_HEAD = """\
# Public names of TensorFlow 1.15: one object a line (tables/record.py; `python -m tables` writes the last column).
# names (the first is the canonical one; `old>new`: using the old name prints a warning that names the new one, `old>`
# that of compat.v1) | module that defines it (. = tensorflow.python):its name there, where it differs | home in tfmagic
"""
# Modules that are no part of the public interface though they can be reached from `tf`.
NOT_PUBLIC = ("contrib", "python", "core", "compiler", "tools", "examples", "pywrap_tensorflow", "compat.v1",
              "compat.v2", "raw_ops")


class Heard(logging.Handler):
    """Keeps the texts of warnings."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def public_members():
    """What is public, by full name: the members in alphabetical order, the modules, and what the warning about an old
    name recommends ("" for the same name of compat.v1)."""
    members, modules, renamed = {}, {}, {}
    heard = Heard()
    compat.as_str = tf.compat.as_str = compat.as_text  # as under Python 3, which is all that tfmagic runs on
    logger = logging.getLogger("tensorflow")
    kept, logger.handlers = logger.handlers, [heard]

    def walk(module, path):
        if path:
            modules[path] = module.__name__
        for name in sorted(set(dir(module))):
            full = path + "." + name if path else name
            if name.startswith("_") or full in NOT_PUBLIC:
                continue
            del heard.texts[:]
            # As a program's own file would: a name warns once, and only there.
            value = eval(compile("module." + name, "program.py", "eval"), {"module": module})
            for text in heard.texts:
                match = re.search(r"The name tf\.(\S+) is deprecated\. Please use tf\.(\S+) instead", text)
                if match and match.group(1) == full:
                    renamed[full] = "" if match.group(2) == "compat.v1." + full else match.group(2)
            if isinstance(value, types.ModuleType) and re.search(r"\W_api\W|\Wapi\W", value.__name__):
                walk(value, full)
            else:
                members[full] = value

    walk(tf, "")
    logger.handlers = kept
    return members, modules, renamed


def constants():
    """Public name -> (module, variable) of exported constants, and the groups of names of each."""
    found, groups = {}, []
    for module_name in sorted(sys.modules):
        module = sys.modules[module_name]
        for names, variable in getattr(module, "_tf_api_constants_v1", ()):
            groups.append(names)
            for name in names:
                found.setdefault(name, (module_name, variable))
    return found, groups


def origin(value):
    """(module, name) of a function or class behind its decorators, or None."""
    if isinstance(value, types.ModuleType):
        parent, _, name = value.__name__.rpartition(".")
        return (parent, name) if parent else None
    if callable(value):
        value = tf_decorator.unwrap(value)[1]
        module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if module and name and (inspect.isclass(value) or inspect.isroutine(value)):
            return module, name
    return None


def exported_names(value):
    """The names that a function or class was exported under, the canonical one first."""
    target = tf_decorator.unwrap(value)[1] if callable(value) else value
    own = getattr(target, "__dict__", {})
    return list(own.get("_tf_api_names_v1", ())) + list(own.get("_estimator_api_names_v1", ()))


def grouped(members):
    """Lists of names of one object each, the canonical one first."""
    constant, groups = constants()
    by_object, single = {}, []
    for full in sorted(members):
        value = members[full]
        if full in constant:
            continue
        if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, types.ModuleType):
            by_object.setdefault(id(value), []).append(full)
        else:
            single.append([full])
    rows = [[n for n in names if n in members or hasattr(tf, n)] for names in groups] + single
    for names in by_object.values():
        wanted = [n for n in exported_names(members[names[0]]) if n in names]
        rows.append(wanted + [n for n in names if n not in wanted])
    return sorted(names for names in rows if names), constant


def public_names(members, modules, renamed):
    """The lines of exports.txt."""
    rows, constant = grouped(members)
    lines = EXPORTS_HEAD.splitlines()
    for path in sorted(modules):
        lines.append("module %s | %s" % (path, modules[path]))
    for names in rows:
        first = names[0]
        where = constant.get(first) or origin(members[first])
        if where is None:
            text = "-"
        else:
            module, name = where
            text = module[len("tensorflow.python"):] if module.startswith("tensorflow.python.") else module
            if name != first.rpartition(".")[2]:
                text += ":" + name
        lines.append("%s | %s |" % (" ".join(n + ">" + renamed[n] if n in renamed else n for n in names), text))
    return lines


# --- internal modules -----------------------------------------------------------------------------------------------

MODULES_HEAD = """\
# Internal modules of TensorFlow 1.15 that programs import from: module, then the names in it (tables/record.py).
# `name` is the public name itself, `name=public` another one, `name=gen:f` the op function f, `name=@m` the module m
"""


NOT_FOR_PROGRAMS = re.compile(r"python\._|_pb2$|\b(keras|tpu|distribute|estimator|lite|autograph|tensorrt|remote)\b|"
                              r"\b(kernel_tests|memory_tests|benchmarks|cli|examples|generator|pywrap_\w+)\b|_test_base$")


def import_all():
    """Import every module of tensorflow.python that can be."""
    package = sys.modules["tensorflow.python"]
    for _, name, _ in sorted(pkgutil.walk_packages(package.__path__, "tensorflow.python.", lambda name: None),
                             key=lambda item: item[1]):
        if not re.search(r"_test\b|\btest|\bdebug\b|\bautograph\b|benchmark|_main\b|\bsaved_model_cli|tpu", name):
            try:
                __import__(name)
            except (Exception, SystemExit) as error:  # an optional dependency is missing, or a script wants arguments
                print("not imported: %s (%s)" % (name, error), file=sys.stderr)


def takes_the_same(function, public):
    """Whether a public function can stand for an internal one: it has the same arguments first."""
    try:
        wanted, found = tf_inspect.getfullargspec(function), tf_inspect.getfullargspec(public)
    except TypeError:
        return False
    return found.args[:len(wanted.args)] == wanted.args and wanted.varargs == found.varargs


def internal_modules(members):
    """The lines of modules.txt."""
    rows, constant = grouped(members)
    public = {}
    for names in rows:
        if names[0] not in constant and origin(members[names[0]]):
            public.setdefault(id(tf_decorator.unwrap(members[names[0]])[1]), names)
            public.setdefault(id(members[names[0]]), names)
    canonical = {n: names[0] for names in rows for n in names}
    values = {place: canonical[name] for name, place in constant.items() if name in canonical}
    # The same constant in a module that imports it from there: by its name and value.
    handed_on = {variable: (getattr(sys.modules[module], variable), target)
                 for (module, variable), target in sorted(values.items())}
    generated = {id(function): op for op, (_, _, function) in generated_functions().items()}
    import_all()
    lines = MODULES_HEAD.splitlines()
    for module_name in sorted(sys.modules):
        module = sys.modules[module_name]
        if module is None or not re.match(r"tensorflow\.python(\.|$)", module_name) or re.match(
                r"tensorflow\.python\.(ops|training)\.gen_\w+_ops$|tensorflow\.python\.keras\.api\b", module_name):
            continue
        words = []
        for name in sorted(vars(module)):
            value = vars(module)[name]
            target = None
            if name.startswith("__"):
                continue
            if isinstance(value, types.ModuleType):  # as an attribute of the package that all programs import from
                if module_name != "tensorflow.python" or value.__name__ == module_name + "." + name or not re.match(
                        r"tensorflow\.python\.\w", value.__name__):
                    continue
                target = "@" + value.__name__
            elif (module_name, name) in values:
                target = values[module_name, name]
            elif name in handed_on and type(value) is type(handed_on[name][0]) and value == handed_on[name][0]:
                target = handed_on[name][1]
            elif callable(value):
                target = internal_target(value, public, members, generated)
            elif isinstance(value, tf.DType):
                target = "dtypes." + value.name
            if target is not None and not (target.endswith("_ref") and target not in members):
                words.append(name if target == name else name + "=" + target)
        # A module of which nothing is public can be imported all the same: files do so for what it registers.
        if words or not NOT_FOR_PROGRAMS.search(module_name):
            lines.append((module_name + ": " + " ".join(words)).rstrip())
    return lines


def internal_target(value, public, members, generated):
    """What an internal function or class is called in public, or None."""
    plain_value = tf_decorator.unwrap(value)[1]
    for thing in (value, plain_value):
        if id(thing) in public:
            return public[id(thing)][0]
        if id(thing) in generated:
            return "gen:" + snake_case(generated[id(thing)])
    for name in getattr(plain_value, "__dict__", {}).get("_tf_api_names", ()):  # TensorFlow 2's form of a function
        if name in members:
            same = issubclass(members[name], value) if inspect.isclass(value) and inspect.isclass(
                members[name]) else takes_the_same(value, members[name])
            if same:
                return public[id(members[name])][0]
    return None


# --- writing --------------------------------------------------------------------------------------------------------


def write(path, lines):
    """Write a table; what it says of homes in tfmagic stays, for these are found by means of it."""
    full = os.path.join(ROOT, path)
    with io.open(full, encoding="utf-8") as old:
        homes = {line.partition(u" | ")[0]: line.rpartition(u"|")[2].rstrip() for line in old if u" | " in line}
    with io.open(full, "w", encoding="utf-8", newline="\n") as out:
        for line in lines:
            text = line.decode("utf-8") if isinstance(line, bytes) else line
            home = homes.get(text.partition(u" | ")[0], u"") if text.endswith(u"|") else u""
            out.write((text + home).rstrip() + u"\n")


def main():
    members, modules, renamed = public_members()
    write("graph/opdefs.txt", op_definitions())
    write("graph/opdefs_of_tests.txt", test_op_definitions())
    write("base/exports.txt", public_names(members, modules, renamed))
    write("tf/modules.txt", internal_modules(members))


if __name__ == "__main__":
    main()
