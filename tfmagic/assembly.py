"""What fills the named slots: the one place where lower floors are handed what higher floors make."""

from tfmagic.base import slots

FILLED_BY = {
    "what functions do with ragged tensors": "tf.ragged.dispatch:answer",
    "specs of ragged tensors": "tf.ragged.spec:RaggedTensorSpec",
    "specs of TensorArrays": "ops.control_flow.tensor_array_spec:TensorArraySpec",
    "operations of node defs": "graph.from_node_def:operation",
    "operators of tensors": "ops.math.operators:OPERATORS",
    "indexing of tensors": "ops.array.slicing:slice_of_tensor",
    "lists as tensors": "ops.array.join:list_to_tensor",
    "shapes as tensors": "ops.array.constants:shape_to_tensor",
    "dimensions as tensors": "ops.array.constants:dimension_to_tensor",
    "nodes of gradients": "ops.control_flow.support:BUILDERS",
    "contexts of protos": "ops.control_flow.context_protos:from_proto",
    "TensorArrays as lists": "ops.control_flow.list_array:ListTensorArray",
    "bodies of functions": "graphdef.functions:body",
    "operators of sparse tensors": "ops.sparse.reducing:OPERATORS",
    "specs of slices": "graph.slices_spec:spec_of_slices",
    "specs of sparse tensors": "graph.type_spec:SparseTensorSpec",
    "sparse tensors as elements": "ops.sparse.serialized:AS_ELEMENTS",
    "values of tensors": "tf.control.cases:evaluate",
    "the variable scope": "tf.variable.scope:get_variable_scope",
    "linear operator rules": "tf.linalg.operators.rules:RULES",
    "variables of a kind": "tf.variable.kinds:make",
    "scans by While nodes": "tf.functions.scans:scan",
}


def assemble() -> None:
    """Fill all slots; nothing is imported before it is used."""
    slots.fill(FILLED_BY)
