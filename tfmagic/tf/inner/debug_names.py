"""`debug.lib`: names of the nodes that a debugger puts into a graph, and which tensors a run is to watch."""

from __future__ import annotations

import re
from typing import Any

_COPY, _DEBUG = "__copy_", "__dbg_"


def get_node_name(element_name: str) -> str:
    """The node's name in the name of a node or tensor."""
    return element_name.split(":")[0]


def get_output_slot(element_name: str) -> int:
    """The output's number in the name of a tensor; 0 where it has none.

    Raises:
      ValueError: it is no number.
    """
    return int(element_name.split(":")[-1]) if ":" in element_name else 0


def parse_node_or_tensor_name(name: str) -> tuple[str, int | None]:
    """A node's name and the output's number, or None where the name is a node's.

    Raises:
      ValueError: the number is none.
    """
    if ":" in name and not name.endswith(":"):
        node, _, slot = name.rpartition(":")
        return node, int(slot)
    return name, None


def is_copy_node(node_name: str) -> bool:
    """Whether a debugger made this node to copy a tensor."""
    return node_name.startswith(_COPY)


def is_debug_node(node_name: str) -> bool:
    """Whether a debugger made this node to look at a tensor."""
    return node_name.startswith(_DEBUG)


def parse_debug_node_name(node_name: str) -> tuple[str, int, int, str]:
    """What the name of a debugger's node says, "__dbg_node:1_0_DebugIdentity".

    Returns:
      The watched node's name, its output's number, the number of the debug op, and its type.

    Raises:
      ValueError: the name is no such one.
    """
    if not is_debug_node(node_name):
        raise ValueError(f"Invalid prefix in debug node name: '{node_name}'")
    rest, _, debug_op = node_name[len(_DEBUG):].rpartition("_")
    if "_" not in rest:
        raise ValueError(f"Invalid debug node name: '{node_name}'")
    watched, _, number = rest.rpartition("_")
    count = int(number)
    node, _, slot = watched.rpartition(":")
    if not node:
        raise ValueError(f"Invalid tensor name in debug node name: '{node_name}'")
    return node, int(slot), count, debug_op


def add_debug_tensor_watch(run_options: Any, node_name: str, output_slot: int = 0, debug_ops: Any = "DebugIdentity",
                           debug_urls: Any = None, tolerate_debug_op_creation_failures: bool = False,
                           global_step: int = -1) -> None:
    """Note in `RunOptions` that a tensor is to be watched.

    Args:
      run_options: the options, which are changed.
      node_name, output_slot: the tensor.
      debug_ops: the debug ops' names, one or a list.
      debug_urls: where to tell of it, one or a list.
      tolerate_debug_op_creation_failures: whether a tensor goes unwatched that none of the ops takes.
      global_step: the step that the run belongs to.
    """
    options = run_options.debug_options
    options.global_step = global_step
    watch = options.debug_tensor_watch_opts.add()
    watch.tolerate_debug_op_creation_failures = tolerate_debug_op_creation_failures
    watch.node_name, watch.output_slot = node_name, output_slot
    watch.debug_ops.extend(_listed(debug_ops))
    watch.debug_urls.extend(_listed(debug_urls))


def watch_graph(run_options: Any, graph: Any, debug_ops: Any = "DebugIdentity", debug_urls: Any = None,
                node_name_regex_whitelist: str | None = None, op_type_regex_whitelist: str | None = None,
                tensor_dtype_regex_whitelist: str | None = None, tolerate_debug_op_creation_failures: bool = False,
                global_step: int = -1, reset_disk_byte_usage: bool = False) -> None:
    """Note in `RunOptions` that the tensors of a graph are to be watched: those that all given patterns fit.

    Args:
      run_options: the options, which are changed.
      graph: the graph.
      node_name_regex_whitelist, op_type_regex_whitelist, tensor_dtype_regex_whitelist: patterns, or None.
      reset_disk_byte_usage: whether the room that dumps have taken so far no longer counts.

    The others are those of `add_debug_tensor_watch`.

    Raises:
      ValueError: there are no `debug_urls`.
    """
    patterns = node_name_regex_whitelist, op_type_regex_whitelist, tensor_dtype_regex_whitelist
    everything = not any(patterns)
    _watch(run_options, graph, lambda found: all(found), patterns, everything, debug_ops, debug_urls,
           tolerate_debug_op_creation_failures, global_step, reset_disk_byte_usage)


def watch_graph_with_blacklists(run_options: Any, graph: Any, debug_ops: Any = "DebugIdentity",
                                debug_urls: Any = None, node_name_regex_blacklist: str | None = None,
                                op_type_regex_blacklist: str | None = None,
                                tensor_dtype_regex_blacklist: str | None = None,
                                tolerate_debug_op_creation_failures: bool = False, global_step: int = -1,
                                reset_disk_byte_usage: bool = False) -> None:
    """Note in `RunOptions` that the tensors of a graph are to be watched: those that no given pattern fits.

    The arguments are those of `watch_graph`, with patterns of what is left out.
    """
    patterns = node_name_regex_blacklist, op_type_regex_blacklist, tensor_dtype_regex_blacklist
    everything = not any(patterns)
    _watch(run_options, graph, lambda found: not any(found), patterns, everything, debug_ops, debug_urls,
           tolerate_debug_op_creation_failures, global_step, reset_disk_byte_usage)


def _watch(run_options: Any, graph: Any, wanted: Any, patterns: Any, everything: bool, debug_ops: Any,
           debug_urls: Any, tolerant: bool, global_step: int, reset_disk_byte_usage: bool) -> None:
    if not debug_urls:
        raise ValueError("debug_urls must not be empty or None.")
    options, watching = run_options.debug_options, False

    def watch(name: str, slot: int) -> None:
        add_debug_tensor_watch(run_options, name, slot, debug_ops, debug_urls, tolerant, global_step)

    for op in graph.get_operations():
        if is_copy_node(op.name) or is_debug_node(op.name):
            continue
        for slot, tensor in enumerate(op.outputs):
            texts = op.name, op.type, tensor.dtype.name
            if wanted([re.match(pattern, text) is not None for pattern, text in zip(patterns, texts) if pattern]):
                watch(op.name, slot)
                watching = True
    if everything:
        watch("*", -1)
    elif not watching:
        options.SetInParent()
    options.reset_disk_byte_usage = reset_disk_byte_usage


def _listed(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words or ())
