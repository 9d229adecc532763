"""Optimizer: computes gradients, keeps slots beside variables, and makes the node that updates them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.control_flow.grouping import tuple as tuple_of
from tfmagic.ops.math.cast import cast
from tfmagic.tf.train import slots
from tfmagic.tf.variable.lists import trainable_variables
from tfmagic.tf.variable.resource import is_resource_variable
from tfmagic.tf.variable.variables import Variable, init_scope


@export("train.Optimizer")
class Optimizer:
    """Base of all optimizers.

    Args:
      use_locking: kept for TensorFlow's signature and the nodes' attrs.
      name: the name scope of the update, and of slots where a subclass says so.

    Raises:
      ValueError: no name.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str):
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[Any, Any] = {}

    def get_name(self) -> str:
        """The name given to the optimizer."""
        return self._name

    def minimize(self, loss: Any, global_step: Any = None, var_list: Any = None, gate_gradients: int = GATE_OP,
                 aggregation_method: Any = None, colocate_gradients_with_ops: bool = False, name: str | None = None,
                 grad_loss: Any = None) -> Operation:
        """The operation that changes variables so that `loss` becomes smaller.

        Args:
          loss: a scalar tensor.
          global_step: a variable to count up with each update.
          var_list: the variables to change; by default all trainable ones.
          gate_gradients: GATE_NONE, GATE_OP or GATE_GRAPH: how gradients wait for each other.
          name: the name of the operation; by default the optimizer's.
          grad_loss: the gradient of `loss`, by default 1.

        Raises:
          ValueError: no variable has a gradient.
        """
        pairs = self.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss)
        return self._apply_some(pairs, loss, global_step, name)

    def _apply_some(self, pairs: list[tuple[Any, Any]], loss: Any, global_step: Any, name: str | None) -> Operation:
        """Apply the gradients of a loss, of which there must be one."""
        if all(gradient is None for gradient, _ in pairs):
            raise ValueError("No gradients provided for any variable, check your graph for ops that do not support "
                             f"gradients, between variables {[str(v) for _, v in pairs]} and loss {loss}.")
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(self, loss: Any, var_list: Any = None, gate_gradients: int = GATE_OP,
                          aggregation_method: Any = None, colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> list[tuple[Any, Any]]:
        """The gradients of `loss`: the first half of `minimize`.

        Returns:
          (gradient, variable) pairs; a gradient is a tensor, an `IndexedSlices`, or None.

        Raises:
          ValueError: there are no variables, or types that cannot be trained.
        """
        return self._gradients(loss, var_list, gate_gradients, aggregation_method, grad_loss,
                               colocate_gradients_with_ops=colocate_gradients_with_ops)

    def _gradients(self, loss: Any, var_list: Any, gate_gradients: int, aggregation_method: Any, grad_loss: Any,
                   **options: Any) -> list[tuple[Any, Any]]:
        from tfmagic.graph.gradients import gradients

        if callable(loss):
            loss = loss()
        if gate_gradients not in (Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH):
            raise ValueError("gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                             f"Optimizer.GATE_GRAPH.  Not {gate_gradients}")
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        graph = get_default_graph()
        if var_list is None:
            var_list = trainable_variables() + graph.get_collection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
        else:
            var_list = _flat(var_list)
        var_list = var_list + graph.get_collection(GraphKeys._STREAMING_MODEL_PORTS)
        targets = [_target(variable) for variable in var_list]
        if not var_list:
            raise ValueError("No variables to optimize.")
        found = gradients(loss, targets, grad_ys=grad_loss, gate_gradients=gate_gradients == Optimizer.GATE_OP,
                          aggregation_method=aggregation_method, **options)
        if gate_gradients == Optimizer.GATE_GRAPH:
            found = tuple_of(found)
        pairs = list(zip(found, var_list))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None and v.dtype != dtypes.resource])
        return pairs

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """The operation that applies gradients to variables: the second half of `minimize`.

        Args:
          grads_and_vars: (gradient, variable) pairs as `compute_gradients` gives them.
          global_step: a variable to count up with each update.
          name: the name of the operation; by default the optimizer's.

        Raises:
          TypeError: a gradient is no tensor.
          ValueError: there are no variables, or none has a gradient.
        """
        pairs = [(_as_gradient(gradient), variable) for gradient, variable in tuple(grads_and_vars)]
        if not pairs:
            raise ValueError("No variables provided.")
        for _, variable in pairs:
            _target(variable)  # refuses what is no variable
        var_list = [variable for gradient, variable in pairs if gradient is not None]
        if not var_list:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.")
        graph = get_default_graph()
        with init_scope():
            self._create_slots(var_list)
        updates = []
        with name_scope(name, self._name) as scope:
            self._prepare()
            for gradient, variable in pairs:
                if gradient is not None:
                    with name_scope("update_" + variable.op.name), graph.colocate_with(variable.op):
                        updates.append(self._update(gradient, variable))
            if global_step is None:
                result = self._finish(updates, scope)
            else:
                with graph.control_dependencies([self._finish(updates, "update")]), \
                        graph.colocate_with(getattr(global_step, "op", global_step)):
                    if is_resource_variable(global_step):
                        result = raw.assign_add_variable_op(
                            global_step.handle, convert_to_tensor(1, dtype=global_step.dtype), name=scope)
                    else:
                        result = raw.assign_add(global_step, 1, name=scope)
            if isinstance(result, Tensor):
                result = result.op
            train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
            if result not in train_ops:
                train_ops.append(result)
            return result

    def _update(self, gradient: Any, variable: Any, *state: Any) -> Any:
        """The node that changes one variable, and its constraint after it; `state` is handed on."""
        if isinstance(variable, Tensor):
            raise NotImplementedError("Trying to update a Tensor ", variable)
        resource = is_resource_variable(variable)
        if isinstance(gradient, IndexedSlices):
            if variable.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            if resource:
                return self._resource_apply_sparse_duplicate_indices(
                    gradient.values, variable, gradient.indices, *state)
            return self._apply_sparse_duplicate_indices(gradient, variable, *state)
        update = (self._resource_apply_dense if resource else self._apply_dense)(gradient, variable, *state)
        if variable.constraint is None:
            return update
        with variable.graph.control_dependencies([update]):
            return variable.assign(variable.constraint(variable))

    # --- slots --------------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot `name` that was made for a variable, or None.

        Args:
          var: a variable passed to `minimize` or `apply_gradients`.
          name: one of `get_slot_names`.
        """
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """The names of the slots that this optimizer made."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """The variables that this optimizer made in the default graph, by name."""
        graph = get_default_graph()
        own = list(self._non_slot_variables())
        for made in self._slots.values():
            own.extend(made.values())
        return sorted((v for v in own if v.graph is graph), key=lambda v: v.name)

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        key = (name, colocate_with.graph)
        variable = self._non_slot_dict.get(key)
        if variable is None:
            with get_default_graph().colocate_with(colocate_with.op):
                variable = Variable(initial_value, name=name, trainable=False,
                                    use_resource=is_resource_variable(colocate_with))
            self._non_slot_dict[key] = variable
        return variable

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> Any:
        return self._non_slot_dict.values()

    def _slot_dict(self, slot_name: str) -> dict[Any, Any]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_slot(var, val, op_name)
        return made[_key(var)]

    def _get_or_make_slot_with_initializer(self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str,
                                           op_name: str) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_slot_with_initializer(var, initializer, shape, dtype, op_name)
        return made[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        made = self._slot_dict(slot_name)
        if _key(var) not in made:
            made[_key(var)] = slots.create_zeros_slot(var, op_name)
        return made[_key(var)]

    # --- what subclasses fill in --------------------------------------------------------------------------------

    def _create_slots(self, var_list: list[Any]) -> None:
        """Make the slots of these variables."""

    def _prepare(self) -> None:
        """Make the tensors that all updates share."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        """The update of a reference variable by a dense gradient."""
        raise NotImplementedError(f"{type(self).__name__} does not define _apply_dense, needed here.")

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        """The update of a resource variable by a dense gradient."""
        raise NotImplementedError(f"{type(self).__name__} does not define _resource_apply_dense, needed here.")

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """The update of a reference variable by a sparse gradient whose indices are unique."""
        raise NotImplementedError(f"{type(self).__name__} does not define _apply_sparse, needed here.")

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        """The update of a resource variable by a sparse gradient whose indices are unique."""
        raise NotImplementedError(f"{type(self).__name__} does not define _resource_apply_sparse, needed here.")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        values, indices = deduplicated(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        values, unique = deduplicated(grad, indices)
        return self._resource_apply_sparse(values, handle, unique)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Operation:
        return group(*update_ops, name=name_scope)

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) else param

    def _hyper(self, value: Any, name: str) -> Tensor:
        """A setting of the optimizer as a tensor."""
        return convert_to_tensor(self._call_if_callable(value), name=name)

    def _valid_dtypes(self) -> tuple[dtypes.DType, ...]:
        return dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16

    def _assert_valid_dtypes(self, tensors: list[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                raise ValueError(f"Invalid type {dtype!r} for {tensor.name}, expected: {list(valid)}.")


def _key(var: Any) -> Any:
    return var.op.graph, var.op.name


def _flat(var_list: Any) -> list[Any]:
    """The variables in a list, tuple or dict, however nested."""
    if isinstance(var_list, dict):
        return [item for key in sorted(var_list) for item in _flat(var_list[key])]
    if isinstance(var_list, (list, tuple, set)) or (hasattr(var_list, "__iter__")
                                                    and not isinstance(var_list, (Variable, Tensor))):
        return [item for part in var_list for item in _flat(part)]
    return [var_list]


def _target(variable: Any) -> Tensor:
    """The tensor with respect to which a variable is differentiated."""
    if is_resource_variable(variable):
        return variable.handle
    if isinstance(variable, Variable):
        return variable._ref()  # type: ignore[attr-defined]
    if isinstance(variable, Tensor):
        return variable
    raise NotImplementedError("Trying to optimize unsupported type ", variable)


def _as_gradient(gradient: Any) -> Any:
    if gradient is None:
        return None
    try:
        gradient = convert_to_tensor_or_indexed_slices(gradient)
    except TypeError:
        raise TypeError(f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {gradient}") from None
    if not isinstance(gradient, (Tensor, IndexedSlices)):
        raise TypeError(f"Gradient must be a Tensor, IndexedSlices, or None: {gradient}")
    return gradient


def deduplicated(values: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of a sparse gradient with those that share an index added up."""
    unique, positions = raw.unique(indices)
    count = raw.shape(unique)[0]
    return raw.unsorted_segment_sum(values, positions, count), unique


def like(tensor: Any, variable: Any) -> Any:
    """A setting in the type of a variable or gradient; a resource variable of that type is read by its user."""
    dtype = variable.dtype.base_dtype
    return tensor if is_resource_variable(tensor) and tensor.dtype is dtype else cast(tensor, dtype)
