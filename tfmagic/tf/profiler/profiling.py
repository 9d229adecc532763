"""tf.profiler.profile, Profiler, advise and write_op_log: what the nodes of a graph cost by their definitions."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors, messages
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.graph import Graph
from tfmagic.tf.profiler import views
from tfmagic.tf.profiler.options import ProfileOptionBuilder
from tfmagic.tf.profiler.runs import Runs, columns

_DEFAULT = ProfileOptionBuilder.trainable_variables_parameter()
_LIMITS = ("max_depth", "min_bytes", "min_peak_bytes", "min_residual_bytes", "min_output_bytes", "min_micros",
           "min_accelerator_micros", "min_cpu_micros", "min_params", "min_float_ops", "min_occurrence", "step")
_PATTERNS = ("account_type_regexes", "start_name_regexes", "trim_name_regexes", "show_name_regexes",
             "hide_name_regexes")
_OF_GRAPH = {"params": "# parameters", "float_ops": "# float_ops"}
_OF_RUNS = {"bytes": "requested bytes", "peak_bytes": "peak bytes", "residual_bytes": "residual bytes",
            "output_bytes": "output bytes", "micros": "total execution time",
            "accelerator_micros": "accelerator execution time", "cpu_micros": "cpu execution time"}
_COLUMNS = {"device": "assigned devices",
            "op_types": "op types", "occurrence": "op count (run|defined)", "input_shapes": "input shapes"}
_CPU = ("cpu execution time: The time from the start to the end of the operation. It's the sum of actual cpu run time "
        "plus the time that it spends waiting if part of computation is launched asynchronously.")
_ACCELERATOR = ("accelerator execution time: Time spent executing on the accelerator. This is normally measured by the "
                "actual hardware library.")
_MEANINGS = {
    "accelerator_micros": _ACCELERATOR,
    "bytes": "requested bytes: The memory requested by the operation, accumulatively.",
    "cpu_micros": _CPU,
    "micros": "total execution time: Sum of accelerator execution time and cpu execution time.\n"
              f"{_CPU}\n{_ACCELERATOR}",
    "output_bytes": "output bytes: The memory that is output from the operation (not necessarilty allocated by the "
                    "operation)",
    "peak_bytes": "peak bytes: The peak amount of memory that the operation is holding at some point.",
    "residual_bytes": "residual bytes: The memory not de-allocated after the operation finishes.",
    "device": "device: which device is placed on.",
    "float_ops": "flops: Number of float operations. Note: Please read the implementation for the math behind it.",
    "input_shapes": "input shape: The shape of input tensors",
    "occurrence": "occurrence: The number of times it occurs",
    "op_types": "op_types: The attributes of the operation, includes the Kernel name device placed on and "
                "user-defined strings.",
    "params": "param: Number of parameters (in the Variable).",
    "tensor_value": "tensor_value: Not supported now.",
}
_VIEWS = {
    "scope": "scope: The nodes in the model graph are organized by their names, which is hierarchical like filesystem.",
    "op": "op: The nodes are operation kernel type, such as MatMul, Conv2D. Graph nodes belonging to the same type are "
          "aggregated together.",
}
_CHECKERS = ("ExpensiveOperationChecker", "OperationChecker", "AcceleratorUtilizationChecker")


@export("profiler.profile")
def profile(graph: Graph | None = None, run_meta: Any = None, op_log: Any = None, cmd: str = "scope",
            options: Any = 0) -> Any:
    """Print what the nodes of a graph cost: parameters, operations on numbers, and time and memory of a traced run.

    Args:
      graph: the graph; by default the default graph.
      run_meta: the `RunMetadata` of a traced run.
      op_log: an `OpLogProto` with further types and counts.
      cmd: "scope" for the tree of name scopes, "op" for the types of operations.
      options: what `ProfileOptionBuilder` gives; by default the parameters of trainable variables.

    Returns:
      A `GraphNodeProto` ("scope") or `MultiGraphNodeProto` ("op").

    Raises:
      InvalidArgumentError: there is no such view.
      UnimplementedError: the view or what it is to show is not supported.
    """
    graph = get_default_graph() if graph is None else graph
    options = {**_DEFAULT, **(options or {})}
    _check(cmd, options)
    print("Parsing Inputs...")
    runs = Runs()
    if run_meta is not None:
        runs.add(0, run_meta)
    return _view(graph, op_log, cmd, options, runs)


def _check(cmd: str, options: Any) -> None:
    if cmd not in ("scope", "graph", "code", "op"):
        raise errors.InvalidArgumentError(None, None, f"Not a view of a profile: {cmd}. There are scope and op.")
    if cmd not in _VIEWS:
        raise errors.UnimplementedError(None, None, f"The view {cmd!r} of a profile is not supported; 'scope' and 'op' "
                                                    "are.")
    unknown = sorted(set(options["select"]) - {*_OF_GRAPH, *_OF_RUNS, *_COLUMNS, "tensor_value"})
    if unknown or options["order_by"] not in ("name", *views.MEASURES):
        what = ", ".join(unknown) or options["order_by"]
        raise errors.UnimplementedError(
            None, None, f"A profile knows {', '.join((*_OF_GRAPH, *_OF_RUNS, *_COLUMNS))}, not {what}.")
    if options["output"].partition(":")[0] not in ("stdout", "file", "none"):
        raise errors.UnimplementedError(None, None, f"A profile goes to the standard output or to a file, not to "
                                                    f"{options['output'].partition(':')[0]}.")


def _view(graph: Graph, op_log: Any, cmd: str, options: Any, runs: Runs) -> Any:
    nodes, incomplete = views.nodes_of(graph, op_log, runs, options["step"])
    if incomplete:
        print(f"{incomplete} ops no flops stats due to incomplete shapes.", file=sys.stderr)
    made = messages.module("tfprof_output_pb2")
    if cmd == "scope":
        root = views.by_scope(nodes, options)
        lines, proto = root.lines, views.scope_proto(root, made.GraphNodeProto())
    else:
        root, shown = views.by_type(nodes, options)
        lines = views.type_lines(root, shown, options["select"])
        proto = views.type_proto(root, shown, made.MultiGraphNodeProto())
    _write(lines, cmd, options)
    return proto


def _write(lines: Sequence[str], cmd: str, options: Any) -> None:
    """The report, to where the options say."""
    kind, _, rest = options["output"].partition(":")
    if kind == "none":
        return
    of_graph = [text for name, text in _OF_GRAPH.items() if name in options["select"]]
    of_runs = [_OF_RUNS[name] for name in columns(options["select"])]
    first = [*of_runs, *of_graph] if cmd == "op" else [*of_graph, *of_runs]
    shown = [*first, *(text for name, text in _COLUMNS.items() if name in options["select"])]
    if cmd == "op":
        shown = [text.replace("op count", "op occurrence") for text in shown]
    meanings = [_MEANINGS[name] for name in sorted(options["select"]) if name in _MEANINGS]
    profile = ["Doc:", _VIEWS[cmd], *meanings, "", "Profile:",
               "node name | " + " | ".join(shown), *lines]
    if kind == "file":
        with open(rest.partition("outfile=")[2], "w", encoding="utf-8") as file:
            file.write("\n".join(["", *profile, ""]))
        return
    print("\n".join(["", "=========================Options=============================", *_written(options), "",
                     "==================Model Analysis Report======================", "", *profile, "",
                     "======================End of Report=========================="]))


def _written(options: Any) -> list[str]:
    values = {name: str(options.get(name, 0)) for name in _LIMITS}
    values["order_by"] = options["order_by"]
    values |= {name: ",".join(options[name]) for name in _PATTERNS}
    values["account_displayed_op_only"] = "true" if options["account_displayed_op_only"] else "false"
    values["select"] = ",".join(sorted(options["select"]))
    kind, _, rest = options["output"].partition(":")
    values["output"] = f"{kind}:{rest}"
    return [f"-{name:<26} {value}" for name, value in values.items()]


@export("profiler.Profiler")
class Profiler:
    """Profiles of one graph.

    Args:
      graph: the graph; by default the default graph.
      op_log: an `OpLogProto` with further types and counts.
    """

    def __init__(self, graph: Graph | None = None, op_log: Any = None):
        self._graph = get_default_graph() if graph is None else graph
        self._op_log = op_log
        self._runs = Runs()
        print("Parsing Inputs...")

    def add_step(self, step: int, run_meta: Any) -> None:
        """Add a traced run: profiles show its times and memory.

        Args:
          step: its number.
          run_meta: its `RunMetadata`.
        """
        self._runs.add(step, run_meta)

    def profile_python(self, options: Any) -> Any:
        """Refuse: the view by lines of code is not supported.

        Raises:
          UnimplementedError: always.
        """
        return self._profile("code", options)

    def profile_operations(self, options: Any) -> Any:
        """Print the types of operations; returns a `MultiGraphNodeProto`."""
        return self._profile("op", options)

    def profile_name_scope(self, options: Any) -> Any:
        """Print the tree of name scopes; returns a `GraphNodeProto`."""
        return self._profile("scope", options)

    def profile_graph(self, options: Any) -> Any:
        """Refuse: the view by inputs is not supported.

        Raises:
          UnimplementedError: always.
        """
        return self._profile("graph", options)

    def _profile(self, cmd: str, options: Any) -> Any:
        options = {**_DEFAULT, **options}
        _check(cmd, options)
        return _view(self._graph, self._op_log, cmd, options, self._runs)

    def advise(self, options: Any) -> Any:
        """Print advice about runs: none, as none were added. Returns an `AdviceProto`."""
        return _advice(options)

    def serialize_to_string(self) -> bytes:
        """The nodes and their costs as the bytes of a `ProfileProto`."""
        proto = messages.module("tfprof_log_pb2").ProfileProto()
        for index, node in enumerate(views.nodes_of(self._graph, self._op_log)[0]):
            entry = proto.nodes[index]
            entry.name, entry.id, entry.float_ops = node.name, index, node.own["float_ops"]
            entry.op = node.kind
            entry.op_types[:] = sorted(node.types)
        return proto.SerializeToString()


@export("profiler.advise")
def advise(graph: Graph | None = None, run_meta: Any = None, options: Any = 0) -> Any:
    """Print advice about traced runs; without one there is none.

    Args:
      graph: the graph.
      run_meta: must be None.
      options: the checkers to ask, by name; by default all.

    Returns:
      An `AdviceProto`.

    Raises:
      UnimplementedError: a run is given.
    """
    if run_meta is not None:
        raise errors.UnimplementedError(None, None, "There is no advice about traced runs: "
                                                    "tensorflow.python.client.timeline.Timeline shows what they took.")
    print("Parsing Inputs...")
    return _advice(options)


def _advice(options: Any) -> Any:
    advice = messages.module("tfprof_output_pb2").AdviceProto()
    for name in _CHECKERS:
        if not options or name in options:
            advice.checkers[name].SetInParent()
            print(f"\n{name}:")
    return advice


@export("profiler.write_op_log")
def write_op_log(graph: Graph, log_dir: str, op_log: Any = None, run_meta: Any = None, add_trace: bool = True) -> None:
    """Write what is known of the nodes of a graph to the file `tfprof_log` of a folder.

    Args:
      graph: the graph; None: the default graph.
      log_dir: the folder.
      op_log: an `OpLogProto` with further types and counts, which is written too.
      run_meta: kept for compatibility.
      add_trace: whether to write the lines of code that made the nodes.
    """
    graph = get_default_graph() if graph is None else graph
    made = messages.module("tfprof_log_pb2").OpLogProto()
    texts: dict[str, int] = {}

    def numbered(text: str) -> int:
        return texts.setdefault(text, len(texts) + 1)

    for node in views.nodes_of(graph, op_log)[0]:
        types = node.types - {node.kind}
        if not (types or node.own["float_ops"] or add_trace):
            continue
        entry = made.log_entries.add(name=node.name, float_ops=node.own["float_ops"], types=sorted(types))
        for file, line, function, code in (graph.get_operation_by_name(node.name).traceback if add_trace else ()):
            entry.code_def.traces.add(file_id=numbered(file), lineno=line, function_id=numbered(function),
                                      line_id=numbered(code or ""))
    for text, number in texts.items():
        made.id_to_string[number] = text
    os.makedirs(log_dir, exist_ok=True)
    with open(os.path.join(log_dir, "tfprof_log"), "wb") as log:
        log.write(made.SerializeToString())
