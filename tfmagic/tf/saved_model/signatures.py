"""SignatureDefs: which tensors of a graph are the inputs and outputs of a use of it."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, errors, messages
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.tf.saved_model import constants
from tfmagic.tf.variable.save_slices import prepend_scope

_MODULE = "tensorflow.python.saved_model.utils_impl"
_ONLY_V1 = ("This function will only be available through the v1 compatibility library as "
            "tf.compat.v1.saved_model.utils.{0} or tf.compat.v1.saved_model.{0}.")


def _pb() -> Any:
    return messages.module("meta_graph_pb2")


@export("saved_model.build_tensor_info")
@deprecated(None, _ONLY_V1.format("build_tensor_info"), module=_MODULE)
def build_tensor_info(tensor: Any) -> Any:
    """Name, type and shape of a tensor as a `TensorInfo` proto.

    Args:
      tensor: a tensor or a `SparseTensor`.
    """
    return tensor_info(tensor)


def tensor_info(tensor: Any) -> Any:
    """`build_tensor_info`, without its warning."""
    info = _pb().TensorInfo(dtype=dtypes.as_dtype(tensor.dtype).as_datatype_enum,
                            tensor_shape=tensor.get_shape().as_proto())
    if isinstance(tensor, SparseTensor):
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        info.name = tensor.name
    return info


@export("saved_model.get_tensor_from_tensor_info")
@deprecated(None, _ONLY_V1.format("get_tensor_from_tensor_info"), module=_MODULE)
def get_tensor_from_tensor_info(tensor_info: Any, graph: Any = None, import_scope: str | None = None) -> Any:
    """The tensor or `SparseTensor` that a `TensorInfo` proto names.

    Args:
      tensor_info: the proto.
      graph: by default the default graph.
      import_scope: a name scope in front of its names.

    Raises:
      KeyError: it is not in the graph.
      ValueError: the proto names none.
    """
    graph = graph or get_default_graph()

    def tensor(name: str) -> Tensor:
        return graph.get_tensor_by_name(prepend_scope(name, import_scope))

    encoding = tensor_info.WhichOneof("encoding")
    if encoding == "name":
        return tensor(tensor_info.name)
    if encoding == "coo_sparse":
        parts = tensor_info.coo_sparse
        return SparseTensor(tensor(parts.indices_tensor_name), tensor(parts.values_tensor_name),
                            tensor(parts.dense_shape_tensor_name))
    raise ValueError(f"Invalid TensorInfo.encoding: {encoding}")


def build_tensor_info_from_op(op: Operation) -> Any:
    """A `TensorInfo` proto that names an operation instead of a tensor."""
    info = _pb().TensorInfo(name=op.name)
    info.tensor_shape.unknown_rank = True
    return info


def get_element_from_tensor_info(tensor_info: Any, graph: Any = None, import_scope: str | None = None) -> Any:
    """The tensor or operation that a `TensorInfo` proto names; see `get_tensor_from_tensor_info`."""
    return (graph or get_default_graph()).as_graph_element(prepend_scope(tensor_info.name, import_scope))


@export("saved_model.build_signature_def")
def build_signature_def(inputs: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None,
                        method_name: str | None = None) -> Any:
    """A `SignatureDef` proto.

    Args:
      inputs: `TensorInfo` protos by name.
      outputs: `TensorInfo` protos by name.
      method_name: what kind of use it is.
    """
    signature = _pb().SignatureDef()
    for given, field in ((inputs, signature.inputs), (outputs, signature.outputs)):
        for name, info in (given or {}).items():
            field[name].CopyFrom(info)
    if method_name is not None:
        signature.method_name = method_name
    return signature


@export("saved_model.predict_signature_def")
def predict_signature_def(inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
    """A `SignatureDef` of a prediction.

    Args:
      inputs: tensors by name.
      outputs: tensors by name.

    Raises:
      ValueError: there are none.
    """
    if inputs is None or not inputs:
        raise ValueError("Prediction inputs cannot be None or empty.")
    if outputs is None or not outputs:
        raise ValueError("Prediction outputs cannot be None or empty.")
    return build_signature_def({name: tensor_info(tensor) for name, tensor in inputs.items()},
                               {name: tensor_info(tensor) for name, tensor in outputs.items()},
                               constants.PREDICT_METHOD_NAME)


def _string_input(examples: Any, what: str) -> dict[str, Any]:
    if examples is None:
        raise ValueError(f"{what} examples cannot be None.")
    if not isinstance(examples, Tensor):
        raise ValueError(f"{what} examples must be a string Tensor.")
    info = tensor_info(examples)
    if examples.dtype is not dtypes.string:
        raise ValueError(f"{what} examples must be a string Tensor.")
    return {"inputs": info}


@export("saved_model.regression_signature_def")
def regression_signature_def(examples: Any, predictions: Any) -> Any:
    """A `SignatureDef` of a regression: a string tensor of serialised examples in, a float tensor out.

    Raises:
      ValueError: one is missing or of another type.
    """
    inputs = _string_input(examples, "Regression")
    if predictions is None:
        raise ValueError("Regression predictions cannot be None.")
    if predictions.dtype is not dtypes.float32:
        raise ValueError("Regression output must be a float Tensor.")
    return build_signature_def(inputs, {"outputs": tensor_info(predictions)}, constants.REGRESS_METHOD_NAME)


@export("saved_model.classification_signature_def")
def classification_signature_def(examples: Any, classes: Any, scores: Any) -> Any:
    """A `SignatureDef` of a classification: a string tensor of serialised examples in, classes and scores out.

    Raises:
      ValueError: one is missing or of another type.
    """
    inputs = _string_input(examples, "Classification")
    if classes is None and scores is None:
        raise ValueError("Classification classes and scores cannot both be None.")
    outputs = {}
    if classes is not None:
        if classes.dtype is not dtypes.string:
            raise ValueError("Classification classes must be a string Tensor.")
        outputs["classes"] = tensor_info(classes)
    if scores is not None:
        if scores.dtype is not dtypes.float32:
            raise ValueError("Classification scores must be a float Tensor.")
        outputs["scores"] = tensor_info(scores)
    return build_signature_def(inputs, outputs, constants.CLASSIFY_METHOD_NAME)


def _supervised(method_name: str, inputs: Any, *outputs: Any) -> Any:
    if inputs is None or not inputs:
        raise ValueError(f"{method_name} inputs cannot be None or empty.")
    return build_signature_def({name: tensor_info(tensor) for name, tensor in inputs.items()},
                               {name: tensor_info(tensor) for part in outputs if part is not None
                                for name, tensor in part.items()}, method_name)


def supervised_train_signature_def(inputs: dict[str, Any], loss: dict[str, Any],
                                   predictions: dict[str, Any] | None = None,
                                   metrics: dict[str, Any] | None = None) -> Any:
    """A `SignatureDef` of a step of training.

    Args:
      inputs: tensors by name.
      loss, predictions, metrics: what it gives, tensors by name.

    Raises:
      ValueError: there are no inputs.
    """
    return _supervised(constants.SUPERVISED_TRAIN_METHOD_NAME, inputs, loss, predictions, metrics)


def supervised_eval_signature_def(inputs: dict[str, Any], loss: dict[str, Any],
                                  predictions: dict[str, Any] | None = None,
                                  metrics: dict[str, Any] | None = None) -> Any:
    """A `SignatureDef` of an evaluation; see `supervised_train_signature_def`."""
    return _supervised(constants.SUPERVISED_EVAL_METHOD_NAME, inputs, loss, predictions, metrics)


def op_signature_def(op: Operation, key: str) -> Any:
    """A `SignatureDef` that names an operation.

    Args:
      op: the operation.
      key: the name of the output that stands for it.
    """
    return build_signature_def(outputs={key: build_tensor_info_from_op(op)})


def load_op_from_signature_def(signature_def: Any, key: str, import_scope: str | None = None) -> Any:
    """The operation that a `SignatureDef` of `op_signature_def` names.

    Args:
      signature_def: the proto.
      key: the name of the output that stands for it.
      import_scope: a name scope in front of its name.

    Raises:
      NotFoundError: the graph has no such operation.
    """
    try:
        return get_element_from_tensor_info(signature_def.outputs[key], import_scope=import_scope)
    except (KeyError, ValueError):
        raise errors.NotFoundError(
            None, None, f"The {key} could not be found in the graph. Please make sure the SavedModel was created by "
            "the internal _SavedModelBuilder. If you are using the public API, please make sure the SignatureDef in "
            f'the SavedModel does not contain the key "{key}".') from None


@export("saved_model.is_valid_signature")
def is_valid_signature(signature_def: Any) -> bool:
    """Whether a `SignatureDef` is one of a classification, regression or prediction."""
    if signature_def is None:
        return False
    inputs, outputs = dict(signature_def.inputs), dict(signature_def.outputs)
    string, floating = dtypes.string.as_datatype_enum, dtypes.float32.as_datatype_enum
    if signature_def.method_name == constants.PREDICT_METHOD_NAME:
        return bool(inputs) and bool(outputs)
    if set(inputs) != {"inputs"} or inputs["inputs"].dtype != string:
        return False
    kinds = {name: info.dtype for name, info in outputs.items()}
    if signature_def.method_name == constants.REGRESS_METHOD_NAME:
        return kinds == {"outputs": floating}
    if signature_def.method_name == constants.CLASSIFY_METHOD_NAME:
        allowed = {"classes": string, "scores": floating}
        return bool(kinds) and all(allowed.get(name) == kind for name, kind in kinds.items())
    return False
