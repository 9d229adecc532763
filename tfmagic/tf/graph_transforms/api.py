"""TransformGraph: a graph rewritten by named transforms, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import errors, tf_logging
from tfmagic.tf.graph_transforms import cutting, naming, weights
from tfmagic.tf.graph_transforms.context import Context, node_name, parsed, refuse

_TRANSFORMS: dict[str, Callable[[Any, Context], Any]] = {
    function.__name__: function for function in (
        cutting.fold_constants, cutting.strip_unused_nodes, naming.add_default_attributes, naming.insert_logging,
        naming.merge_duplicate_nodes, naming.obfuscate_names, naming.remove_attribute,
        naming.remove_control_dependencies, naming.remove_device, naming.remove_nodes, naming.rename_attribute,
        naming.rename_op, naming.set_device, naming.sort_by_execution_order, weights.fold_batch_norms,
        weights.fold_old_batch_norms, weights.quantize_weights, weights.round_weights)}

# Transforms that TensorFlow 1.15 has besides, and what to use instead.
_OTHERS = dict.fromkeys(
    ("backport_concatv2", "backport_tensor_array_v3"), "old runtimes need them; tfmagic's reads the new ops") | {
    "flatten_atrous_conv": "a convolution with the attr dilations is the same",
    "freeze_requantization_ranges": "tf.quantization.fake_quant_with_min_max_args has fixed ranges",
    **dict.fromkeys(("fuse_pad_and_conv", "fuse_resize_and_conv", "fuse_resize_pad_and_conv"),
                    "tensorflow.python.tools.optimize_for_inference_lib has fuse_resize_and_conv"),
    **dict.fromkeys(("fuse_remote_graph", "place_remote_graph_arguments"), "they are for Hexagon's processors"),
    **dict.fromkeys(("quantize_nodes", "quantize_placeholders"), "quantize_weights makes a graph smaller"),
    "remove_ema": "tf.train.ExponentialMovingAverage.variables_to_restore gives the means",
    "sparsify_gather": "it is for tables of sparse weights"}


def transform_graph(input_graph_def: Any, inputs: Sequence[str], outputs: Sequence[str],
                    transforms: Sequence[str]) -> Any:
    """A frozen graph rewritten by transforms, in their order.

    Args:
      input_graph_def: a `GraphDef`; it stays as it is.
      inputs, outputs: names of nodes.
      transforms: `name(parameter=value, ...)` each.

    Returns:
      A new `GraphDef`.

    Raises:
      InvalidArgumentError: a transform is not known, or its parameters are not right.
      UnimplementedError: TensorFlow 1.15 has the transform, tfmagic has not.
    """
    text = input_graph_def.SerializeToString()
    graph = type(input_graph_def).FromString(text)
    library = graph.library
    ends = [[text for text in ",".join(names).split(",") if text] for names in (inputs, outputs)]
    for name, params in parsed(" ".join(transforms)):
        if name in _OTHERS:
            raise errors.UnimplementedError(None, None, f"tfmagic has no transform {name}: {_OTHERS[name]}.")
        if name not in _TRANSFORMS:
            refuse(f"Transform '{name}' not recognized.")
        ignore = _ignores_errors(params)
        try:
            made = _TRANSFORMS[name](graph, Context(ends[0], ends[1], params))
        except errors.OpError as error:
            if not ignore:
                raise
            tf_logging.error("%s: Ignoring error %s", name, error.message)
            continue
        made.library.CopyFrom(library)
        if not made.library.ByteSize():
            made.ClearField("library")
        graph = made
        names = {node.name for node in graph.node}
        if any(node_name(text) not in names for node in graph.node for text in node.input):
            raise errors.InternalError(None, None, "Invalid graph with inputs referring to nonexistent nodes")
    return graph


def _ignores_errors(params: dict[str, list[str]]) -> bool:
    text = params.get("ignore_errors", ["false"])[0].lower()
    if text not in ("true", "false"):
        refuse(f"ignore_errors should be true or false, found {text}")
    return text == "true"
