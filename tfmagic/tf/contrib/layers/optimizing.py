"""optimize_loss: a tensor that computes the loss and trains, by an optimizer that may be given by name."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.train import global_steps
from tfmagic.tf.train.adagrad import AdagradOptimizer
from tfmagic.tf.train.adam import AdamOptimizer
from tfmagic.tf.train.ftrl import FtrlOptimizer
from tfmagic.tf.train.gradient_descent import GradientDescentOptimizer
from tfmagic.tf.train.momentum import MomentumOptimizer
from tfmagic.tf.train.optimizer import Optimizer
from tfmagic.tf.train.rmsprop import RMSPropOptimizer
from tfmagic.tf.variable.scope import get_variable, variable_scope


def _momentum(learning_rate: Any) -> Any:
    return MomentumOptimizer(learning_rate, momentum=0.9)


OPTIMIZER_CLS_NAMES: dict[str, Any] = export(
    "contrib.layers.OPTIMIZER_CLS_NAMES", "contrib.slim.OPTIMIZER_CLS_NAMES",
    "contrib.slim.optimizers.OPTIMIZER_CLS_NAMES")({
        "Adagrad": AdagradOptimizer, "Adam": AdamOptimizer, "Ftrl": FtrlOptimizer, "Momentum": _momentum,
        "RMSProp": RMSPropOptimizer, "SGD": GradientDescentOptimizer})
OPTIMIZER_SUMMARIES = export(
    "contrib.layers.OPTIMIZER_SUMMARIES", "contrib.slim.OPTIMIZER_SUMMARIES",
    "contrib.slim.optimizers.OPTIMIZER_SUMMARIES")(
        ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"])

# In the order in which Python 2 shows TensorFlow's own dict.
_NAMES = ("Ftrl", "RMSProp", "Adam", "Adagrad", "SGD", "Momentum")


@export("contrib.layers.optimize_loss")
def optimize_loss(loss: Any, global_step: Any, learning_rate: Any, optimizer: Any, gradient_noise_scale: Any = None,
                  gradient_multipliers: Any = None, clip_gradients: Any = None, learning_rate_decay_fn: Any = None,
                  update_ops: Any = None, variables: Any = None, name: str | None = None, summaries: Any = None,
                  colocate_gradients_with_ops: bool = False, increment_global_step: bool = True) -> Tensor:
    """A tensor that gives the loss after a step of training.

    Args:
      loss: a scalar.
      global_step: the step to count; None takes the graph's where it is needed.
      learning_rate: a float or a scalar tensor.
      optimizer: a name, a class, an optimizer, or a function of the learning rate that makes one.
      gradient_noise_scale: the deviation of noise that is added to gradients.
      gradient_multipliers: a dict of factors by variable or name.
      clip_gradients: the largest global norm of the gradients, or a function of the pairs.
      learning_rate_decay_fn: a function of learning rate and step that gives the rate to use.
      update_ops: what runs before; by default `GraphKeys.UPDATE_OPS`.
      variables: what to train; by default all trainable variables.
      summaries: which of `OPTIMIZER_SUMMARIES` to add; by default "loss", "learning_rate", "global_gradient_norm".
      increment_global_step: whether to count the step.

    Raises:
      ValueError: an argument is of the wrong kind or type.
    """
    loss = convert_to_tensor(loss)
    if loss.shape.ndims not in (None, 0):
        raise ValueError(f"Expected scalar shape for {loss.name}, saw shape: {loss.shape}.")
    if global_step is None:
        global_step = global_steps.get_global_step()
    else:
        global_steps.assert_global_step(global_step)
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = dict.fromkeys(get_default_graph().get_collection(GraphKeys.UPDATE_OPS))
        if update_ops:
            loss = with_dependencies(list(update_ops), loss)
        rate = _learning_rate(learning_rate)
        wanted = ["loss", "learning_rate", "global_gradient_norm"] if summaries is None else summaries
        for each in wanted:
            if each not in OPTIMIZER_SUMMARIES:
                raise ValueError(f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided {each}.")
        if rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError("global_step is required for learning_rate_decay_fn.")
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in wanted:
                api.summary.scalar("learning_rate", rate)
        chosen = _optimizer(optimizer, rate)
        trained = api.trainable_variables() if variables is None else variables
        gradients = chosen.compute_gradients(loss, trained, colocate_gradients_with_ops=colocate_gradients_with_ops)
        if gradient_noise_scale is not None:
            gradients = _noisy(gradients, gradient_noise_scale)
        if gradient_multipliers is not None:
            gradients = _multiplied(gradients, gradient_multipliers)
        if "global_gradient_norm" in wanted or "gradient_norm" in wanted:
            api.summary.scalar("global_norm/gradient_norm", api.linalg.global_norm([pair[0] for pair in gradients]))
        if isinstance(clip_gradients, float):
            gradients = _clipped(gradients, clip_gradients)
        elif callable(clip_gradients):
            gradients = clip_gradients(gradients)
        elif clip_gradients is not None:
            raise ValueError(f"Unknown type {type(clip_gradients)} for clip_gradients")
        if "loss" in wanted:
            api.summary.scalar("loss", loss)
        _summarize(gradients, wanted)
        if clip_gradients is not None and ("global_gradient_norm" in wanted or "gradient_norm" in wanted):
            api.summary.scalar("global_norm/clipped_gradient_norm",
                               api.linalg.global_norm([pair[0] for pair in gradients]))
        updates = chosen.apply_gradients(
            gradients, global_step=global_step if increment_global_step else None, name="train")
        return with_dependencies([updates], loss)


def _learning_rate(learning_rate: Any) -> Any:
    """The learning rate as a tensor: a number is kept by a variable."""
    if learning_rate is None:
        return None
    if isinstance(learning_rate, Tensor) and learning_rate.shape.ndims == 0:
        return learning_rate
    if isinstance(learning_rate, float):
        if learning_rate < 0.0:
            raise ValueError("Invalid learning_rate %s.", learning_rate)
        return get_variable("learning_rate", [], trainable=False, initializer=Constant(learning_rate))
    raise ValueError("Learning rate should be 0d Tensor or float. "
                     f"Got {learning_rate!s} of type {type(learning_rate)!s}")


def _optimizer(optimizer: Any, rate: Any) -> Any:
    if isinstance(optimizer, str):
        if rate is None:
            raise ValueError(f"Learning rate is None, but should be specified if optimizer is string ({optimizer}).")
        if optimizer not in OPTIMIZER_CLS_NAMES:
            raise ValueError(f"Optimizer name should be one of [{', '.join(_NAMES)}], you provided {optimizer}.")
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=rate)
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        if rate is None:
            raise ValueError(f"Learning rate is None, but should be specified if optimizer is class ({optimizer}).")
        return optimizer(learning_rate=rate)  # type: ignore[call-arg]  # each of TensorFlow's takes it
    if isinstance(optimizer, Optimizer):
        return optimizer
    if callable(optimizer):
        made = optimizer() if rate is None else optimizer(rate)
        if not isinstance(made, Optimizer):
            raise ValueError(f"Unrecognized optimizer: function should return subclass of Optimizer. Got {made!s}.")
        return made
    raise ValueError("Unrecognized optimizer: should be string, subclass of Optimizer, instance of subclass of "
                     f"Optimizer or function with one argument. Got {optimizer!s}.")


def _values(gradient: Any) -> Any:
    return gradient.values if isinstance(gradient, api.IndexedSlices) else gradient


def _noisy(gradients: Any, scale: Any) -> list[Any]:
    result = []
    for gradient, variable in gradients:
        if gradient is not None:
            shape = (gradient.dense_shape if isinstance(gradient, api.IndexedSlices) else gradient.shape)
            gradient = gradient + api.random.truncated_normal(shape) * scale
        result.append((gradient, variable))
    return result


def _multiplied(gradients: Any, factors: dict[Any, Any]) -> list[Any]:
    result = []
    for gradient, variable in gradients:
        if gradient is not None and (variable in factors or variable.name in factors):
            factor = api.cast(factors[variable if variable in factors else variable.name], gradient.dtype)
            if isinstance(gradient, api.IndexedSlices):
                gradient = api.IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
            else:
                gradient = gradient * factor
        result.append((gradient, variable))
    return result


def _clipped(gradients: Any, norm: float) -> list[Any]:
    values, trained = zip(*gradients)
    clipped, _ = api.clip_by_global_norm(values, norm)
    return list(zip(clipped, trained))


def _summarize(gradients: Any, wanted: Any) -> None:
    for gradient, variable in gradients:
        if gradient is None:
            continue
        name = variable.name.replace(":", "_")
        if "gradients" in wanted:
            api.summary.histogram("gradients/" + name, _values(gradient))
        if "gradient_norm" in wanted:
            api.summary.scalar("gradient_norm/" + name, api.linalg.global_norm([_values(gradient)]))
