"""contrib.framework's helpers: scalars, sums, squeezed axes, known branches, names in scopes, devices of variables."""

from __future__ import annotations

from typing import Any

from tfmagic.base import deprecation
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow import cond as _cond
from tfmagic.tf.variable.variables import Variable


@export("contrib.framework.assert_scalar_int")
def assert_scalar_int(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor, refused unless it is an integer scalar.

    Raises:
      ValueError: it is none.
    """
    with name_scope(name, "assert_scalar_int", [tensor]) as scope:
        tensor = convert_to_tensor(tensor)
        if not tensor.dtype.base_dtype.is_integer:
            raise ValueError(f"Expected integer type for {tensor.name}, received type: {tensor.dtype}.")
        return api.debugging.assert_scalar(tensor, name=scope)


@export("contrib.framework.reduce_sum_n")
def reduce_sum_n(tensors: Any, name: str | None = None) -> Tensor:
    """The sum of all numbers of several tensors.

    Raises:
      ValueError: there are none.
    """
    if not tensors:
        raise ValueError("No tensors provided.")
    with name_scope(name, "reduce_sum_n", tensors) as scope:
        sums = [api.reduce_sum(tensor, name=f"{tensor.op.name}/sum") for tensor in tensors]
        return sums[0] if len(sums) == 1 else api.add_n(sums, name=scope)


@export("contrib.framework.remove_squeezable_dimensions")
@deprecation.deprecated(None, "Please switch to remove_squeezable_dimensions from tf.confusion_matrix. Note that the "
                              "order of the inputs and outputs of labels and predictions have also been switched.")
def remove_squeezable_dimensions(predictions: Any, labels: Any, name: str | None = None) -> tuple[Any, Any]:
    """Both without the last axis of that which has one more, of size 1."""
    with name_scope(name, "remove_squeezable_dimensions", [predictions, labels]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        expected, actual = predictions.get_shape().ndims, labels.get_shape().ndims
        if expected is not None and actual is not None:
            if actual - expected == 1:
                labels = api.squeeze(labels, [-1])
            elif expected - actual == 1:
                predictions = api.squeeze(predictions, [-1])
            return predictions, labels
        difference = api.rank(predictions) - api.rank(labels)
        if expected is None or predictions.get_shape().dims[-1].is_compatible_with(1):
            predictions = api.cond(api.equal(1, difference), lambda: api.squeeze(predictions, [-1]),
                                   lambda: predictions)
        if actual is None or labels.get_shape().dims[-1].is_compatible_with(1):
            labels = api.cond(api.equal(-1, difference), lambda: api.squeeze(labels, [-1]), lambda: labels)
        return predictions, labels


@export("contrib.framework.smart_constant_value")
def smart_constant_value(pred: Any) -> Any:
    """The value of a condition, or None where it is not known yet.

    Raises:
      TypeError: it is neither a bool, 0, 1 nor a tensor.
    """
    return _cond.smart_constant_value(pred)


def constant_value(pred: Any) -> Any:
    """The same for layers, which take variables for conditions too: their values are never known."""
    return None if isinstance(pred, Variable) else _cond.smart_constant_value(pred)


def smart_cond_of_layers(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """`smart_cond`, whose condition may be a variable."""
    return _cond.cond(pred, true_fn, false_fn, name=name) if isinstance(pred, Variable) \
        else smart_cond(pred, true_fn, false_fn, name)


@export("contrib.framework.smart_cond")
def smart_cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """`tf.cond`, or the branch itself where the condition is known."""
    return _cond.smart_cond(pred, true_fn, false_fn, name)


@export("contrib.framework.get_name_scope")
def get_name_scope() -> str:
    """The name scope that is open."""
    return get_default_graph().get_name_scope()


@export("contrib.framework.get_placeholders")
def get_placeholders(graph: Any) -> list[Tensor]:
    """The placeholders of a graph."""
    return [output for op in graph.get_operations() if op.type == "Placeholder" for output in op.outputs]


@export("contrib.framework.get_graph_from_inputs")
def get_graph_from_inputs(op_input_list: Any, graph: Any = None) -> Any:
    """The graph of some tensors, by default the default graph.

    Raises:
      ValueError: they are of different graphs.
    """
    found = graph
    for item in op_input_list:
        own = getattr(item, "graph", None)
        if own is None:
            continue
        if found is None:
            found = own
        elif own is not found:
            if graph is not None:
                raise ValueError(f"{item} is not from the passed-in graph.")
            raise ValueError(f"{item} must be from the same graph as {op_input_list[0]}.")
    return found or get_default_graph()


@export("contrib.framework.prepend_name_scope")
def prepend_name_scope(name: Any, import_scope: str | None) -> str:
    """A name of a node or an input put into a scope.

    Args:
      name: the name; "^" and "loc:@" stay in front.
      import_scope: the scope.
    """
    name = name.decode() if isinstance(name, bytes) else name
    if not import_scope:
        return name
    scope = import_scope[:-1] if import_scope.endswith("/") else import_scope
    front = next((sign for sign in ("^", "loc:@") if name.startswith(sign)), "")
    return f"{front}{scope}/{name[len(front):]}"


@export("contrib.framework.strip_name_scope")
def strip_name_scope(name: Any, export_scope: str | None) -> str:
    """A name of a node or an input taken out of a scope.

    Args:
      name: the name; "^" and "loc:@" stay in front.
      export_scope: the scope.
    """
    name = name.decode() if isinstance(name, bytes) else name
    if not export_scope:
        return name
    scope = export_scope[:-1] if export_scope.endswith("/") else export_scope
    front = next((sign for sign in ("^", "loc:@") if name.startswith(sign)), "")
    rest = name[len(front):]
    return front + rest[len(scope):].lstrip("/") if rest.startswith(scope + "/") else name


@export("contrib.framework.VariableDeviceChooser")
class VariableDeviceChooser:
    """A function that places variables on the tasks of a job in turn.

    Args:
      num_tasks: how many tasks there are; 0: no job.
      job_name: the job.
      device_type, device_index: the device.
      replica: the replica.
    """

    def __init__(self, num_tasks: int = 0, job_name: str = "ps", device_type: str = "CPU", device_index: int = 0,
                 replica: int | None = None):
        self._job_name = job_name
        self._device_type = device_type
        self._device_index = device_index
        self._replica = replica
        self._num_tasks = num_tasks
        self._next_task_id = 0

    def __call__(self, op: Any) -> str:
        spec = api.DeviceSpec(device_type=self._device_type, device_index=self._device_index)
        if self._num_tasks > 0:
            task = self._next_task_id
            self._next_task_id = (self._next_task_id + 1) % self._num_tasks
            spec = api.DeviceSpec(job=self._job_name, replica=self._replica, task=task,
                                  device_type=self._device_type, device_index=self._device_index)
        return spec.to_string()
