"""Moving averages of variables and tensors: ExponentialMovingAverage."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.operators import pow  # TensorFlow's name
from tfmagic.ops.state.assign import assign, assign_sub
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.train import slots
from tfmagic.tf.variable.lists import global_variables, moving_average_variables, trainable_variables
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope
from tfmagic.tf.variable.variables import Variable, init_scope

_FLOATING = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def assign_moving_average(variable: Any, value: Any, decay: Any, zero_debias: bool = True,
                          name: str | None = None) -> Any:
    """A node that moves a variable towards a value.

    Args:
      variable: the average.
      value: a tensor of its shape.
      decay: how much of the average stays, a scalar.
      zero_debias: whether to correct for an average that began with zeros.

    Returns:
      The variable's new value once the update has run.
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = convert_to_tensor(1.0 - decay, name="decay")
        if rate.dtype != variable.dtype.base_dtype:
            rate = cast(rate, variable.dtype.base_dtype)
        if zero_debias:
            return _assign_debiased(variable, value, rate, scope)
        return assign_sub(variable, (variable - value) * rate, name=scope)


def _assign_debiased(variable: Any, value: Any, rate: Any, name: str) -> Any:
    """The update of an average that began with zeros: a second, biased average divided by what it lacks."""
    own_name = variable.name[:-len(":0")]
    with variable_scope(own_name, values=[variable, value, rate]), \
            get_default_graph().colocate_with(variable.op), init_scope():
        biased = get_variable(_unused("biased"), initializer=Zeros(), shape=variable.shape, dtype=variable.dtype,
                              trainable=False)
        steps = get_variable(_unused("local_step"), initializer=Zeros(), shape=[], dtype=variable.dtype,
                             trainable=False)
    new_biased = assign_sub(biased, (biased - value) * rate)
    new_steps = steps.assign_add(1)
    power: Any = pow(1.0 - rate, new_steps)
    lacking = 1 - power
    return assign(variable, new_biased / lacking, name=name)


def weighted_moving_average(value: Any, decay: Any, weight: Any, truediv: bool = True, collections: Any = None,
                            name: str | None = None) -> Tensor:
    """The average of a tensor's values over the runs, newer ones counting more, each with a weight.

    Args:
      value: a tensor.
      decay: how much of the average stays, a scalar.
      weight: what the value of this run counts, a scalar.
      truediv: whether whole numbers give a true quotient too; else it is rounded down.
      collections: the collections of the two variables.

    Returns:
      The average, once it takes in the present value.
    """
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        total = get_variable("value_x_weight", shape=value.get_shape(), dtype=value.dtype, initializer=Zeros(),
                             trainable=False, collections=collections)
        weights = get_variable("weight", shape=weight.get_shape(), dtype=weight.dtype, initializer=Zeros(),
                               trainable=False, collections=collections)
        numerator = assign_moving_average(total, value * weight, decay, zero_debias=False)
        denominator = assign_moving_average(weights, weight, decay, zero_debias=False)
        divide = api.truediv if truediv else api.div
        return divide(numerator, denominator, name=scope.name)


def _unused(name: str) -> str:
    """A name that no variable of the open scope has, unless the scope shares its variables."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    taken = {variable.op.name for variable in scope.global_variables()}
    full = f"{scope.name}/{name}"
    if full not in taken:
        return name
    number = 1
    while f"{full}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


@export("train.ExponentialMovingAverage")
class ExponentialMovingAverage:
    """Keeps averages of variables in which older values count exponentially less.

    Args:
      decay: how much of the average stays with each update, close to 1.
      num_updates: the number of updates so far; when given, the decay is at most (1 + n) / (10 + n).
      zero_debias: whether averages of tensors, which begin with zeros, are corrected for it.
      name: what is added to the names of the averages.
    """

    def __init__(self, decay: Any, num_updates: Any = None, zero_debias: bool = False,
                 name: str = "ExponentialMovingAverage"):
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        return self._name

    def apply(self, var_list: Any = None) -> Operation:
        """An operation that updates the averages.

        Args:
          var_list: variables and tensors; by default all trainable variables.

        Raises:
          TypeError: one of them holds no floating point numbers.
        """
        var_list = trainable_variables() if var_list is None else var_list
        corrected = set()
        graph = get_default_graph()
        for var in var_list:
            if var.dtype.base_dtype not in _FLOATING:
                raise TypeError(f"The variables must be half, float, or double: {var.name}")
            if var in self._averages:
                continue
            with init_scope():
                if isinstance(var, Variable):
                    average = slots.create_slot(var, var._initialized_value(), self._name)
                    graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
                else:
                    average = slots.create_zeros_slot(
                        var, self._name, colocate_with_primary=var.op.type in ("Variable", "VariableV2", "VarHandleOp"))
                    if self._zero_debias:
                        corrected.add(average)
            self._averages[var] = average
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                done = cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = raw.minimum(decay, (1.0 + done) / (10.0 + done))
            updates = []
            for var in var_list:
                average = self._averages[var]
                updates.append(assign_moving_average(average, var, decay, average in corrected))
            return group(*updates, name=scope)

    def average(self, var: Any) -> Any:
        """The variable that holds the average of `var`, or None."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name that the average of `var` has or would have."""
        if var in self._averages:
            return self._averages[var].op.name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """What to restore so that variables get the values of their averages.

        Args:
          moving_avg_variables: the variables to restore so; by default those that are trained or have an average.

        Returns:
          Variables by the name under which their value was saved.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        names = {}
        own = set()
        for var in dict.fromkeys(moving_avg_variables):
            names[self.average_name(var)] = var
            own.add(var.name)
        for var in dict.fromkeys(global_variables()):
            if var.name not in own and var.op.name not in names:
                names[var.op.name] = var
        return names
