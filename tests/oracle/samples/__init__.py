"""Samples of every declared op: what `run_op` runs, as plain data, from the op's signature or from the tables here.

`samples(op)` gives right calls in several dtypes and at edges, and wrong ones (see `wrong`); which of them
TensorFlow accepts is for the recording to tell.
"""

import json
import zlib

import numpy as np
from oracle import arrays
from oracle.samples import (
    array,
    audio,
    clustering,
    control_flow,
    debug,
    factorization,
    image,
    linalg,
    math,
    nn,
    parsing,
    quantization,
    quantized,
    ragged,
    random,
    recurrent,
    segments,
    signature,
    sparse,
    state,
    strings,
    summary,
    tensor_lists,
    trees,
)
from oracle.samples.found import ROWS
from oracle.samples.values import Scene, Values
from oracle.samples.wrong import wrong_calls

from tfmagic import tf  # noqa: F401  # makes every declaration known
from tfmagic.graph import opdefs, registry

FAMILIES = (array, audio, clustering, control_flow, debug, factorization, image, linalg, math, nn, parsing,
            quantization, quantized, ragged, random, recurrent, segments, sparse, state, strings, summary,
            tensor_lists, trees)
SPECIAL = {name: rows for family in FAMILIES for name, rows in family.SAMPLES.items()}
# Calls in which TensorFlow 1.15 reads what is not there (its answer depends on the memory): no samples.
BEYOND = {name: rule for family in FAMILIES for name, rule in getattr(family, "BEYOND", {}).items()}
PRODUCER = 134  # the version of the graphs that TensorFlow 1.15 writes
# Ops that cannot be recorded, and why.
ALONE = {
    "SingleImageRandomDotStereograms": "its dots go on from picture to picture: the program contrib_stereograms",
    # Their values are handles and variants: programs `dataset_*` and tests/ops/data make and read them.
    **dict.fromkeys(("DeserializeManySparse", "DeserializeSparse", "SerializeManySparse", "SerializeSparse"),
                    "how sparse elements travel within data sets: tests/ops/data"),
    **{name: "data sets" for name in registry.declarations() if opdefs.home(name).startswith("ops.data.")},
    # Their values are handles of what several runs share, or strings that hold messages: whole programs use them.
    **{name: f"programs/{programs}.py" for family, programs in (
        ("queues", "queues"), ("queues.staged_maps", "stages"), ("queues.barriers", "stages"),
        ("queues.batch_ops", "batches_of_runs"), ("nn.dual_ascent", "dual_ascent"), ("lookup", "lookups"),
        ("lookup.remapping", "monitored"),
        ("parsing", "parsing"), ("summary.writers", "summaries_written"),
        ("trees.ensembles", "boosted_trees"), ("trees.quantiles", "boosted_trees"),
        ("trees.growing", "boosted_trees"), ("trees.forest", "forest_trees"),
        ("random.stateful", "generators"), ("sparse.crossing", "feature_columns"), ("state.mutexes", "sections"),
        ("nn.cudnn", "contrib_cudnn"), ("debug.memory", "contrib_small"))
       for name in registry.declarations() if f"{opdefs.home(name)}.".startswith(f"ops.{family}.")
       and name not in SPECIAL},
    **dict.fromkeys(("DecodeAndCropJpeg", "DecodeBmp", "DecodeGif", "DecodeJpeg", "DecodePng", "EncodeJpeg",
                     "EncodeJpegVariableQuality", "EncodePng", "ExtractJpegShape"),
                    "files are read and packed by another library: tests/ops/image/test_codecs.py"),
    "ImageSummary": "its pictures are packed by another library: tests/ops/test_summaries.py",
    "Abort": "ends the process",
    "Timestamp": "tells the time: program files_whole",
    "GatherTree": "of tf.contrib, and no raw op: programs seq2seq_gather_tree and seq2seq_beam_search*",
    **dict.fromkeys(("BipartiteMatch", "ImageConnectedComponents", "ImageProjectiveTransform",
                     "ImageProjectiveTransformV2", "Resampler", "ResamplerGrad"),
                    "of tf.contrib, and no raw op: programs/contrib_image.py"),
    **dict.fromkeys(("PeriodicResample", "PeriodicResampleOpGrad"),
                    "of tf.contrib, and no raw op: programs/contrib_families.py"),
    # Their values are variants, which no session fetches.
    **dict.fromkeys(("RaggedTensorFromVariant", "RaggedTensorToVariant"), "program ragged_in_variants"),
    # They take functions: tests/session/test_library_functions.py.
    **dict.fromkeys(("For", "MapDefun", "RemoteCall"), "calls functions: programs function_*"),
    "ImmutableConst": "reads a file: tests/ops/array/test_immutable_const.py",
    **dict.fromkeys(("Case", "If", "PartitionedCall", "StatefulPartitionedCall", "StatelessIf", "StatelessWhile",
                     "SymbolicGradient", "While"), "calls functions"),
    # They write and read files: tests/formats/test_checkpoints.py and programs of their own.
    **dict.fromkeys(("MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2", "Save", "SaveSlices", "SaveV2"),
                    "works with files"),
    # Their values are variants, which no session fetches: gradients of branches, in the same file, make and read them.
    **dict.fromkeys(("OptionalFromValue", "OptionalGetValue", "OptionalHasValue", "OptionalNone"), "optionals"),
}


def sampled_ops():
    """Names of the ops that the oracle has rows for: all that are declared, but those in `ALONE`."""
    return sorted(name for name in registry.declarations() if name not in ALONE)


def samples(name):
    """The samples of one op as `run_op` takes them: right ones, then wrong ones; none twice.

    Raises:
      ValueError: the op is one of `ALONE`.
    """
    if name in ALONE:
        raise ValueError(f"{name} has no rows of its own: {ALONE[name]}")
    definition = opdefs.get(name)
    calls = right_calls(definition)
    found = {}
    for call in calls:
        sample = described(definition, call)
        found.setdefault(json.dumps(sample, sort_keys=True), sample)
    if "legacy" in sample and definition.deprecation is not None:
        found["new"] = {key: value for key, value in sample.items() if key != "legacy"}
    beyond = BEYOND.get(name, lambda call: False)
    for call in wrong_calls(definition, calls):
        if not beyond(call):
            sample = described(definition, call)
            found.setdefault(json.dumps(sample, sort_keys=True), {**sample, "changed": True})
    return list(found.values())


def right_calls(definition):
    """The right calls of an op with arrays in them: the first row in every dtype, the others in the first."""
    rows, found = SPECIAL.get(definition.name), ROWS.get(definition.name, [])
    if rows is None and any(signature.is_variable(arg) for arg in definition.inputs):
        rows = signature.update_rows(definition)
    if rows is None:
        return signature.default_calls(definition) + found
    rows = [*rows, *found]
    dtypes = signature.dtypes_of(definition) or ["float32"]  # scenes make numbers of other types
    result = []
    for position, row in enumerate(rows):
        seed = zlib.crc32(f"{definition.name}{position}".encode())
        for dtype in dtypes if position == 0 else dtypes[:1]:
            if isinstance(row, Scene):
                if dtype not in ("float32", "int32", "bool", "string", dtypes[0]):
                    continue
                before, after = (tuple((n, op, filled_call(given, dtype, seed + 1000 * i)) for i, (n, op, given) in
                                       enumerate(nodes, 1)) for nodes in (row.before, row.after))
                result.append(Scene(filled_call(row.arguments, dtype, seed), before, after, row.more))
            else:
                result.append(filled_call(row, dtype, seed))
    return result


def filled_call(call, dtype, seed):
    """A call's arguments with their placeholders replaced by arrays of the sample's dtype."""
    return {key: filled(value, dtype, seed + i) for i, (key, value) in enumerate(call.items())}


def filled(value, dtype, seed):
    """One argument, filled."""
    if isinstance(value, Values):
        return value.array(dtype, seed)
    if isinstance(value, list) and any(isinstance(item, Values) for item in value):
        return [filled(item, dtype, seed + 100 * i) for i, item in enumerate(value)]
    return value


def described(definition, call):
    """A call as plain data."""
    if not isinstance(call, Scene):
        call = Scene(call)
    sample = {"op": definition.name, **parts(definition, call.arguments), **call.more}
    if "feeds" in sample:
        sample["feeds"] = {key: arrays.written(value) for key, value in sample["feeds"].items()}
    for key, nodes in (("before", call.before), ("after", call.after)):
        if nodes:
            sample[key] = [[name, op, *inputs_and_attrs(given)] for name, op, given in nodes]
    legacy = {}
    for op, given in ((definition.name, call.arguments), *((op, given) for _, op, given in call.before + call.after)):
        deprecation = opdefs.get(op).deprecation
        if deprecation is not None or "not_raw" in opdefs.get(op).flags:
            producer = PRODUCER if deprecation is None else deprecation[0] - 1
            legacy[op] = {"producer": producer, **node_parts(opdefs.get(op), given)}
    return {**sample, "legacy": legacy} if legacy else sample


def node_parts(definition, call):
    """What it takes to write a node by hand: the order of its inputs, its types, how long its lists are."""
    types, counts = {}, {}
    for arg in definition.inputs:
        value = call.get(arg.python_name)
        if isinstance(value, list) and arg.number_attr is not None:
            counts[arg.number_attr] = len(value)
        if isinstance(value, list) and arg.type_list_attr is not None:
            types[arg.type_list_attr] = [kind_of(item) for item in value]
        elif arg.type_attr is not None and isinstance(value, np.ndarray):
            types.setdefault(arg.type_attr, kind_of(value))
    given = {key: value for key, value in call.items() if key in definition.attrs and
             definition.attrs[key].type == "type"}
    lists = [key for key in call if key in definition.attrs and definition.attrs[key].type == "list(int)"]
    return {"order": [arg.python_name for arg in definition.inputs], "types": {**types, **given},
            **({"counts": counts} if counts else {}), **({"lists": lists} if lists else {})}


def kind_of(array):
    """The name of an array's dtype."""
    return "string" if array.dtype == object else array.dtype.name


def parts(definition, call):
    """The arguments of a call by what they are: inputs, variables, resources, attrs."""
    variables, resources = {}, {}
    for arg in definition.inputs:
        if signature.is_variable(arg) and arg.python_name in call and not is_reference(call[arg.python_name]):
            (variables if arg.is_ref else resources)[arg.python_name] = plain(call[arg.python_name])
    inputs, attrs = inputs_and_attrs({k: v for k, v in call.items() if k not in variables and k not in resources})
    found = {"inputs": inputs, "variables": variables, "resources": resources, "attrs": attrs}
    return {key: value for key, value in found.items() if value or key in ("inputs", "attrs")}


def inputs_and_attrs(call):
    """Arrays, lists of arrays and references on one side, everything else on the other."""
    inputs = {key: plain(value) for key, value in call.items() if is_input(value)}
    return inputs, {key: value for key, value in call.items() if not is_input(value)}


def is_input(value):
    """Whether an argument is an input rather than an attr."""
    return isinstance(value, np.ndarray | np.generic) or is_reference(value) or (
        isinstance(value, list) and bool(value) and is_input(value[0]))


def is_reference(value):
    """Whether an argument names the output of another node, or is a list of such names."""
    return value[0].startswith("@") if isinstance(value, list) and value and isinstance(value[0], str) else (
        isinstance(value, str) and value.startswith("@"))


def plain(value):
    """An input as JSON."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if is_reference(value) else arrays.written(value)
