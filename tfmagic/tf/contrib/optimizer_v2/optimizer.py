"""OptimizerV2: an optimizer whose settings, slots and other variables stand in one state for each graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.math.cast import cast
from tfmagic.tf.train.optimizer import Optimizer, deduplicated
from tfmagic.tf.variable.resource import is_resource_variable
from tfmagic.tf.variable.variables import Variable


class State:
    """What an optimizer has in one graph: its settings as tensors, its slots, its other variables.

    Args:
      name: the optimizer's, by which slots are called.
      settings: its settings by name: numbers, tensors, or functions without arguments, which are asked for each update.
      rule: makes the optimizer of tf.train that has the settings given to it and does the same steps.
    """

    def __init__(self, name: str, settings: dict[str, Any], rule: Callable[[State], Optimizer]):
        self._op_name = name
        self._given, self._make_rule = sorted(settings.items()), rule
        self._settings = {key: convert_to_tensor(value, name=key) for key, value in self._given if not callable(value)}
        self._first: Any = None
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[Any, Any] = {}

    def begin(self) -> None:
        """Ask for the settings that may change from update to update."""
        self._settings.update((key, convert_to_tensor(value(), name=key)) for key, value in self._given
                              if callable(value))
        self.rule = self._make_rule(self)
        self.rule._slots, self.rule._non_slot_dict = self._slots, self._non_slot_dict

    def get_hyper(self, name: str, dtype: Any = None) -> Tensor:
        """A setting as a tensor, cast to `dtype` if that is given."""
        setting = self._settings[name]
        return setting if dtype is None else cast(setting, dtype)

    # --- slots ------------------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot of a variable, or None."""
        return self.rule.get_slot(var, name)

    def get_slot_names(self) -> list[str]:
        """The names of all slots."""
        return self.rule.get_slot_names()

    def create_slot(self, var: Any, val: Tensor, slot_name: str, optional_op_name: str | None = None) -> Any:
        """The slot of a variable; when there is none, one that begins with a value.

        Args:
          var: the variable.
          val: the value.
          slot_name: by which the slot is found.
          optional_op_name: by which it is called, else by the optimizer's name.
        """
        return self.rule._get_or_make_slot(var, val, slot_name, optional_op_name or self._op_name)

    def create_slot_with_initializer(self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str,
                                     optional_op_name: str | None = None) -> Any:
        """`create_slot` of what an initializer gives."""
        return self.rule._get_or_make_slot_with_initializer(var, initializer, shape, dtype, slot_name,
                                                            optional_op_name or self._op_name)

    def zeros_slot(self, var: Any, slot_name: str, optional_op_name: str | None = None) -> Any:
        """`create_slot` of zeros."""
        return self.rule._zeros_slot(var, slot_name, optional_op_name or self._op_name)

    # --- variables that belong to no other --------------------------------------------------------------------------

    def change(self, var_list: list[Any]) -> None:
        """Note beside which variable those are that belong to none: the first by name."""
        self._first = min(var_list, key=lambda var: var.name)

    def create_non_slot(self, initial_value: Any, name: str, colocate_with: Any = None) -> Any:
        """The variable of that name; when there is none, one that begins with a value.

        Args:
          initial_value: a tensor, or what becomes one.
          name: its name.
          colocate_with: a variable with which it shares a device.
        """
        key = name, self._first.graph
        variable = self._non_slot_dict.get(key)
        if variable is None:
            beside = self._first if colocate_with is None else colocate_with
            with get_default_graph().colocate_with(beside.op):
                variable = Variable(initial_value, name=name, trainable=False)
            self._non_slot_dict[key] = variable
        return variable

    def get_non_slot(self, name: str) -> Any:
        """The variable of that name that belongs to no other, or None."""
        return next((variable for (known, _), variable in self._non_slot_dict.items() if known == name), None)

    def _variables(self) -> list[Any]:
        return list(self._non_slot_dict.values()) + [slot for made in self._slots.values() for slot in made.values()]


@export("contrib.optimizer_v2.OptimizerV2")
class OptimizerV2(Optimizer):
    """Base of optimizers whose methods are given a state: one for each graph.

    Args:
      use_locking: kept for TensorFlow's signature and the nodes' attrs.
      name: the name scope of the update, and of slots.

    Raises:
      ValueError: no name.
    """

    def __init__(self, use_locking: bool, name: str):
        super().__init__(use_locking, name)
        self._hyper_values: dict[str, Any] = {}
        self._states: dict[Any, State] = {}

    def _set_hyper(self, name: str, value: Any) -> None:
        """Give a setting its value: a number, a tensor, or a function without arguments."""
        self._hyper_values[name] = value

    def _rule(self, state: State) -> Optimizer:
        """The optimizer of tf.train that keeps the slots of a state."""
        return Optimizer(self._use_locking, self._name)

    def _get_or_create_state(self, var_list: Any = None) -> State:
        """The state in the graph of these variables."""
        graph = get_default_graph() if var_list is None else var_list[0].graph
        if graph not in self._states:
            self._states[graph] = State(self._name, self._hyper_values, self._rule)
        return self._states[graph]

    # --- gradients --------------------------------------------------------------------------------------------------

    def minimize(self, loss: Any, global_step: Any = None, var_list: Any = None,  # type: ignore[override]
                 gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None, name: str | None = None,
                 grad_loss: Any = None, stop_gradients: Any = None,
                 scale_loss_by_num_replicas: bool = False) -> Operation:
        """The operation that changes variables so that `loss` becomes smaller.

        Args:
          loss: a scalar tensor.
          global_step: a variable to count up with each update.
          var_list: the variables to change; by default all trainable ones.
          gate_gradients: GATE_NONE, GATE_OP or GATE_GRAPH: how gradients wait for each other.
          aggregation_method: see `tf.AggregationMethod`.
          name: the name of the operation; by default the optimizer's.
          grad_loss: the gradient of `loss`, by default 1.
          stop_gradients: tensors that gradients do not pass.
          scale_loss_by_num_replicas: whether `loss` is divided by the number of replicas, which is 1.

        Raises:
          ValueError: no variable has a gradient.
        """
        pairs = self.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
            grad_loss=grad_loss, stop_gradients=stop_gradients, scale_loss_by_num_replicas=scale_loss_by_num_replicas)
        return self._apply_some(pairs, loss, global_step, name)

    def compute_gradients(self, loss: Any, var_list: Any = None,  # type: ignore[override]
                          gate_gradients: int = Optimizer.GATE_OP, aggregation_method: Any = None,
                          grad_loss: Any = None, stop_gradients: Any = None,
                          scale_loss_by_num_replicas: bool = False) -> list[tuple[Any, Any]]:
        """The gradients of `loss`: the first half of `minimize`, with its arguments.

        Returns:
          (gradient, variable) pairs; a gradient is a tensor, an `IndexedSlices`, or None.

        Raises:
          ValueError: there are no variables, or types that cannot be trained.
        """
        return self._gradients(loss, var_list, gate_gradients, aggregation_method, grad_loss,
                               stop_gradients=stop_gradients)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """The operation that applies gradients to variables: the second half of `minimize`.

        Args:
          grads_and_vars: (gradient, variable) pairs as `compute_gradients` gives them.
          global_step: a variable to count up with each update.
          name: the name of the operation; by default the optimizer's.

        Raises:
          ValueError: there are no variables, or none has a gradient.
        """
        given = tuple(grads_and_vars)
        if not given:
            raise ValueError("No variables provided.")
        pairs = [(gradient, variable) for gradient, variable in given if gradient is not None]
        if not pairs:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in given]}.")
        var_list = [variable for _, variable in pairs]
        graph = get_default_graph()
        with name_scope(name, self._name) as scope:
            state = self._get_or_create_state()
            state.begin()
        state.change(var_list)
        self._create_vars(var_list, state)
        with name_scope(scope):
            self._prepare(state)
            updates = []
            for gradient, variable in pairs:
                with name_scope("update_" + variable.op.name):
                    updates.append(self._update(gradient, variable, state))
            done: Any = group(*updates)
            with graph.control_dependencies([done]):
                finished = self._finish(state)
            done = done if finished is None else finished
            result = group(done, name=scope) if global_step is None else self._counted(done, global_step, scope)
        train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if result not in train_ops:
            train_ops.append(result)
        return result

    @staticmethod
    def _counted(done: Any, global_step: Any, scope: str) -> Operation:
        """What counts a step up after an update."""
        graph = get_default_graph()
        with graph.control_dependencies([done]):
            resource = is_resource_variable(global_step)
            one = convert_to_tensor(1, dtype=global_step.dtype.base_dtype, name="Const" if resource else "value")
            if resource:
                return raw.assign_add_variable_op(global_step.handle, one, name=scope)
            return raw.assign_add(global_step, one, name=scope).op

    # --- what there is ----------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot `name` that was made for a variable, or None.

        Args:
          var: a variable passed to `minimize` or `apply_gradients`.
          name: one of `get_slot_names`.
        """
        state = self._states.get(var.graph)
        return None if state is None else state.get_slot(var, name)

    def get_slot_names(self) -> list[str]:
        """The names of the slots that this optimizer made in the default graph."""
        state = self._states.get(get_default_graph())
        return [] if state is None else state.get_slot_names()

    def variables(self) -> list[Any]:
        """The variables that this optimizer made in the default graph, by name."""
        state = self._states.get(get_default_graph())
        return [] if state is None else sorted(state._variables(), key=lambda v: v.name)

    # --- what subclasses fill in ------------------------------------------------------------------------------------

    def _create_vars(self, var_list: list[Any], state: State) -> None:
        """Make the slots of these variables, and variables that belong to none."""

    def _prepare(self, state: State) -> None:  # type: ignore[override]
        """Make the tensors that all updates share."""

    def _apply_dense(self, grad: Tensor, var: Any, state: State) -> Any:  # type: ignore[override]
        """The update of a reference variable by a dense gradient."""
        _lacking()

    def _resource_apply_dense(self, grad: Tensor, handle: Any, state: State) -> Any:  # type: ignore[override]
        """The update of a resource variable by a dense gradient."""
        _lacking()

    def _apply_sparse(self, grad: IndexedSlices, var: Any, state: State) -> Any:  # type: ignore[override]
        """The update of a reference variable by a sparse gradient whose indices are unique."""
        _lacking()

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor,  # type: ignore[override]
                               state: State) -> Any:
        """The update of a resource variable by a sparse gradient whose indices are unique."""
        _lacking()

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any,  # type: ignore[override]
                                        state: State) -> Any:
        values, indices = deduplicated(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var, state)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any,  # type: ignore[override]
                                                 indices: Tensor, state: State) -> Any:
        values, unique = deduplicated(grad, indices)
        return self._resource_apply_sparse(values, handle, unique, state)

    def _finish(self, state: State) -> Any:  # type: ignore[override]
        """What follows all updates; None where nothing does."""
        return None


def _lacking() -> NoReturn:
    raise NotImplementedError


def follows_rule(cls: type) -> type:
    """Class decorator: the steps of an optimizer are those of its state's rule, an optimizer of tf.train."""
    def step(name: str) -> Callable[..., Any]:
        def call(self: Any, *arguments: Any) -> Any:
            *given, state = arguments
            return getattr(state.rule, name)(*given)

        return call

    for name, theirs in (("_create_vars", "_create_slots"), ("_prepare", "_prepare"), ("_apply_dense",) * 2,
                         ("_resource_apply_dense",) * 2, ("_apply_sparse_duplicate_indices",) * 2,
                         ("_resource_apply_sparse_duplicate_indices",) * 2):
        if name not in cls.__dict__:
            setattr(cls, name, step(theirs))
    return cls
