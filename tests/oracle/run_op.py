"""Running one sample of one op on the CPU in TensorFlow 1.15 or in tfmagic, under Python 2.7 and 3.

A sample is plain data (JSON):
    op          the op type
    inputs      argument -> written array, list of them, or "@node", "@node:1" for the output of a node before
    variables   argument -> written array (or list): a variable of that initial value, passed by reference
    resources   the same, passed as a resource handle
    attrs       argument -> value; {"tensor": written array} for tensors, {"unset": true} shapes stay unknown
    before      nodes made before: [name, op, inputs, attrs]
    after       nodes made after, which run one after another once the op has run; they name it "@op"
    fetch       what to fetch: "@op", "@node:1" ...; all outputs of the op, then the variables, unless said
    feed        the inputs are fed to placeholders of unknown shape instead of being constants
    runs        how often to run; then `outputs` is a list of lists
    name        of the op's node
    control     names of nodes before, of which the op depends
    call        the function of `CALLS` that makes the op
    legacy      op type -> producer, order of the inputs, types: an op that only old graphs may hold is imported

Its result is plain data too:
    outputs     written arrays; null where there is nothing to compare (handles), "unset" (when recorded) where
                TensorFlow leaves what was in memory before; so in gradients
    static      shapes of the op's outputs: for constant inputs, for inputs of known rank, of unknown shape
    gradients   by argument: written arrays or null; a class name where there is no gradient, "lacking" where there
                is no kernel for it (see `LACKING`); null: nothing to ask, or the sample says what to fetch
    error       [phase, class, first line] instead of all that, phase being "building" or "running"
"""

import collections
import json
import os
import re
import sys

import numpy as np

try:
    from oracle import arrays
except ImportError:
    import arrays

FLOATING = ("float16", "float32", "float64", "complex64", "complex128", "bfloat16")
HANDLES = ("resource", "variant")
EXACT = ("NextAfter", "Bitcast")  # ops whose every bit counts
# Which part of tf.contrib brings an op, or its gradient.
CONTRIB = {"GRUBlockCell": "rnn", "LSTMBlockCell": "rnn", "AdjustHsvInYiq": "image", "SparseFeatureCross": "layers",
           "SparseFeatureCrossV2": "layers", "SingleImageRandomDotStereograms": "image", "ObtainNext": "input_pipeline",
           "MaskedMatmul": "factorization", "WALSComputePartialLhsAndRhs": "factorization"}
# What TensorFlow says where it lacks a kernel for the CPU, or a part of one: it tells nothing of the op.
LACKING = re.compile(r"No OpKernel was registered|.* not (yet )?implemented|Unsupported data type|OpKernel '.*KernelDef"
                     r"|.* only supports? .*NHWC|.*supported on CPU|Cannot assign a device for operation"
                     r"|Could not satisfy explicit device|Cannot colocate nodes"
                     r"|.*CPU implementations? .*support|.*not support .* on the CPU")


def run(tf, sample, device="/cpu:0"):
    """What a sample gives on a device, as plain data."""
    arrays.OTHER_DTYPES["bfloat16"] = tf.bfloat16.as_numpy_dtype
    with tf.Graph().as_default(), tf.device(device):
        try:
            built = Built(tf, sample, "unranked" if sample.get("feed") else "constant")
        except Exception as error:
            return {"error": refusal("building", error)}
        with session(tf) as sess:
            try:
                outputs = built.run(sess)
            except Exception as error:
                return {"error": refusal("running", error)}
            result = {"outputs": outputs, "static": [built.static()]}
            if not {"feed", "runs", "fetch"}.intersection(sample):
                result["gradients"] = gradients(tf, built, sess)
    for mode in ("ranked", "unranked"):
        if sample.get("inputs") and not sample.get("feed"):
            result["static"].append(static(tf, sample, mode))
    return result


def session(tf):
    """A session that runs the graph as it is."""
    options = tf.GraphOptions(optimizer_options=tf.OptimizerOptions(opt_level=tf.OptimizerOptions.L0))
    options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(config=tf.ConfigProto(graph_options=options, intra_op_parallelism_threads=1))


def static(tf, sample, mode):
    """Static shapes with placeholders for inputs, or the class of the error that they make."""
    with tf.Graph().as_default(), tf.device("/cpu:0"):
        try:
            return Built(tf, sample, mode).static()
        except Exception as error:
            return type(error).__name__


class Built:
    """The nodes of a sample in the default graph.

    Args:
        tf: TensorFlow 1.15, or tfmagic's `tf`.
        sample: see the module.
        mode: "constant", "ranked" or "unranked": how array inputs become tensors.
    """

    def __init__(self, tf, sample, mode):
        self.tf, self.sample, self.mode = tf, sample, mode
        self.feeds, self.initial, self.made = {}, [], {}
        for name, kind, inputs, attrs in sample.get("before", ()):
            self.made[name] = self.make(kind, name, self.arguments(inputs, "constant"), attrs)
        inputs = sample.get("inputs", {})
        if sample["op"] in sample.get("legacy", ()):  # errors tell the names of what was made first
            order = sample["legacy"][sample["op"]]["order"]
            inputs = collections.OrderedDict((key, inputs[key]) for key in order if key in inputs)
        self.arguments_made = self.arguments(inputs, mode)
        given = dict(self.arguments_made)
        self.variables, self.differentiable = [], dict(self.arguments_made)
        for key, value in sorted(sample.get("variables", {}).items()):
            given[key] = self.variable(value, lambda v: v._ref(), False)
        for key, value in sorted(sample.get("resources", {}).items()):
            given[key] = self.variable(value, lambda v: v.handle, True)
            self.differentiable[key] = self.variables[-1]
        with tf.control_dependencies([operation(self.made[name]) for name in sample.get("control", ())]):
            self.op = self.make(sample["op"], sample.get("name"), given, sample.get("attrs", {}))
        self.made["op"] = self.op
        self.outputs = flat(self.op)
        previous = [operation(self.op)]
        for name, kind, inputs, attrs in sample.get("after", ()):
            with tf.control_dependencies(previous):
                self.made[name] = self.make(kind, name, self.arguments(inputs, "constant"), attrs)
            previous.append(operation(self.made[name]))
        for key, value in sample.get("feeds", {}).items():
            self.feeds[self.reference(key)] = arrays.read(value)

    def make(self, kind, name, inputs, attrs):
        """One node, or what one of the functions `CALLS` makes."""
        if kind == self.sample["op"] and "call" in self.sample:
            return CALLS[self.sample["call"]](self.tf, *[inputs[key] for key in sorted(inputs)], **attrs)
        if kind in self.sample.get("legacy", ()):
            return self.imported(kind, inputs, attrs, self.sample["legacy"][kind], name or "old")
        attrs = {str(key): self.attr(value) for key, value in attrs.items()}
        arguments = {str(key): value for key, value in inputs.items()}
        if name is not None:
            arguments["name"] = name
        if CONTRIB.get(kind) == "rnn":
            getattr(self.tf.contrib, "rnn")  # noqa: B009  # brings their gradients
        return getattr(self.tf.raw_ops, kind)(**dict(arguments, **attrs))

    def imported(self, kind, inputs, attrs, legacy, name):
        """A node that no function makes, imported: of an old graph, or one of those that TensorFlow makes itself."""
        graph = self.tf.GraphDef()
        graph.versions.producer = legacy["producer"]
        made = graph.node.add(name=name, op=kind)
        bound = {}
        for key in legacy["order"]:
            given = inputs.get(key, [])
            for tensor in given if isinstance(given, list) else [given]:
                fed = "{}_input{}".format(name, len(bound)) if name != "old" else "input{}".format(len(bound))
                kind_of = tensor.dtype.base_dtype.as_datatype_enum
                graph.node.add(name=fed, op="Placeholder").attr["dtype"].type = kind_of
                made.input.append(fed)
                bound[fed] = tensor
        attrs = {key: value for key, value in attrs.items() if key not in legacy["order"]}
        for key, value in dict(attrs, **dict(legacy["types"], **legacy.get("counts", {}))).items():
            if key in legacy.get("lists", ()):
                made.attr[key].list.i.extend(value)
            elif isinstance(value, list) and key in legacy["types"]:
                made.attr[key].list.type.extend(self.tf.as_dtype(kind).as_datatype_enum for kind in value)
            else:
                set_attr(self.tf, made.attr[key], value, key in legacy["types"])
        op = self.tf.import_graph_def(graph, bound, [name], name="")[0]
        return list(op.outputs) or op

    def attr(self, value):
        """An attr's value."""
        if isinstance(value, dict):
            return self.tf.make_tensor_proto(arrays.read(value["tensor"]))
        if arrays.is_head(value):
            return value
        if isinstance(value, list):
            return [self.attr(item) for item in value]
        return str(value) if isinstance(value, type(u"")) and ascii_only(value) else value

    def arguments(self, inputs, mode):
        """Tensors for the inputs of a node."""
        return {key: self.tensor(value, mode) for key, value in inputs.items()}

    def tensor(self, value, mode):
        """A written array, a list of them or a reference as tensors."""
        if arrays.is_array(value):
            array = arrays.read(value)
            if mode == "constant":
                return self.tf.constant(array)
            kind = self.tf.string if array.dtype == object else self.tf.as_dtype(array.dtype)
            made = self.tf.placeholder(kind, [None] * array.ndim if mode == "ranked" else None)
            self.feeds[made] = array
            return made
        if isinstance(value, list):
            return [self.tensor(item, mode) for item in value]
        return self.reference(value)

    def reference(self, text):
        """The tensor that "@node" or "@node:1" names."""
        name, _, position = text[1:].partition(":")
        made = self.made[name]
        return flat(made)[int(position or 0)]

    def variable(self, value, handle, is_resource):
        """New variables with the given initial values, as the op takes them."""
        if not arrays.is_array(value):
            return [self.variable(item, handle, is_resource) for item in value]
        made = self.tf.Variable(arrays.read(value), use_resource=is_resource)
        self.variables.append(made)
        self.initial.append(made.initializer)
        return handle(made)

    def run(self, sess):
        """The fetched values of every run, written."""
        sess.run(self.initial)
        fetches = [self.reference(text) if operation_has_outputs(self.made[text[1:].partition(":")[0]]) else
                   operation(self.made[text[1:]]) for text in self.sample["fetch"]] if "fetch" in self.sample else [
                       t for t in self.outputs if t.dtype.base_dtype.name not in HANDLES] or [operation(self.op)]
        runs = [self.one_run(sess, fetches) for _ in range(self.sample.get("runs", 1))]
        return runs if "runs" in self.sample else runs[0]

    def one_run(self, sess, fetches):
        """The fetched values of one run, and the variables' values after it."""
        values = [v for v in sess.run(fetches, self.feeds) if v is not None]
        exact = self.sample["op"] in EXACT
        return [arrays.written(v, exact) for v in values + sess.run(self.variables)]

    def static(self):
        """The static shapes of the op's outputs, as text."""
        return " ".join("?" if t.shape.ndims is None else
                        "[{}]".format(",".join("?" if d is None else str(d) for d in t.shape.as_list()))
                        for t in self.outputs)


def set_attr(tf, attr, value, is_type):
    """Sets an attr of a node by hand."""
    if is_type:
        attr.type = tf.as_dtype(value).as_datatype_enum
    elif isinstance(value, bool):
        attr.b = value
    elif isinstance(value, int):
        attr.i = value
    elif isinstance(value, float):
        attr.f = value
    elif isinstance(value, dict):
        attr.tensor.CopyFrom(tf.make_tensor_proto(arrays.read(value["tensor"])))
    elif isinstance(value, list) or value is None:
        attr.shape.unknown_rank = value is None
        for size in value or ():
            attr.shape.dim.add(size=-1 if size is None else size)
    else:
        attr.s = value.encode("utf-8")


def ascii_only(text):
    """Whether text can be a plain string under Python 2."""
    return all(ord(c) < 128 for c in text)


def operation(made):
    """The operation behind what a call made."""
    return made if hasattr(made, "node_def") and not hasattr(made, "op") else flat(made)[0].op


def operation_has_outputs(made):
    """Whether a call made tensors."""
    return bool(flat(made))


def flat(made):
    """The output tensors of a call in one list."""
    if hasattr(made, "dtype"):
        return [made]
    return [tensor for item in made for tensor in flat(item)] if isinstance(made, (list, tuple)) else []


def gradients(tf, built, sess):
    """Gradients of all floating outputs with fixed `grad_ys`, by argument; a class name where they are refused."""
    ys = [t for t in built.outputs if t.dtype.base_dtype.name in FLOATING]
    xs = {key: flat(value) for key, value in built.differentiable.items() if is_floating(value)}
    if not ys or not xs:
        return None
    try:
        values = sess.run(ys, built.feeds)
        grad_ys = [tf.constant(arriving(v, 7 + i)) for i, v in enumerate(values)]
        found = {key: tf.gradients(ys, tensors, grad_ys) for key, tensors in sorted(xs.items())}
        result = {}
        for key, tensors in found.items():
            dense = [None if t is None else arrays.written(sess.run(tf.convert_to_tensor(t), built.feeds))
                     for t in tensors]
            result[key] = dense if isinstance(built.differentiable[key], list) else dense[0]
    except Exception as error:
        return "lacking" if LACKING.match(refusal("running", error)[2]) else type(error).__name__
    return result


def arriving(value, seed):
    """A fixed gradient for an output: two decimals between -2 and 2."""
    random = np.random.RandomState(seed)
    result = np.round(random.uniform(-2, 2, value.size), 2).reshape(value.shape)
    if value.dtype.kind == "c":
        result = result + 1j * np.round(random.uniform(-2, 2, value.shape), 2)
    return np.asarray(result).astype(value.dtype)


def is_floating(value):
    """Whether an argument is a floating tensor, or a list of them."""
    tensors = flat(value)
    return bool(tensors) and all(t.dtype.base_dtype.name in FLOATING for t in tensors)


def refusal(phase, error):
    """An error as plain data."""
    message = getattr(error, "message", None) or str(error)
    lines = message.splitlines() or [""]
    line = lines[0]
    if line.endswith("root error(s) found.") and len(lines) > 1:
        line = re.sub(r"^\s*\(0\) [A-Z][a-z ]*: ", "", lines[1])
    line = re.sub(r"\b_arg_(\w+)_\d+_\d+\b", r"\1", line)  # a fed tensor's name within a run of TensorFlow
    return [phase, type(error).__name__, re.sub(r"0x[0-9a-f]{6,}", "0x...", line)]


def fails(error):
    """A function that raises an error."""
    def raising(value):
        raise error

    return raising


CALLS = {
    "py_func": lambda tf, x, **attrs: tf.py_func(lambda v: v * 2, [x], x.dtype, **attrs),
    "py_func_raises": lambda tf, x: tf.py_func(fails(ValueError("no such number")), [x], x.dtype),
    "py_func_memory": lambda tf, x: tf.py_func(fails(MemoryError("too much")), [x], x.dtype),
    "py_func_wrong": lambda tf, x: tf.py_func(lambda v: v, [x], tf.int32),
    "py_func_count": lambda tf, x: tf.py_func(lambda v: (v, v), [x], tf.float32),
    "py_function": lambda tf, x: tf.py_function(lambda v: v * 2, [x], x.dtype),
}


def main():
    """Reads one sample a line and writes one result a line, in TensorFlow 1.15."""
    from record import header, oracle

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what ops print is no answer
    tf = oracle()
    answers.write(header(tf) + "\n")
    answers.flush()
    for line in iter(sys.stdin.readline, ""):
        sample = json.loads(line)
        if sample["op"] in CONTRIB:
            getattr(tf.contrib, CONTRIB[sample["op"]])  # brings the op
        answers.write(json.dumps(run(tf, sample)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
