"""create_train_op: a tensor that computes the loss, updates and trains; gradients clipped, scaled and summarized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.train import global_steps

GATE_OP = 1
_USE_GLOBAL_STEP = 0

Gradients = list[tuple[Any, Any]]


def _changed(gradients: Any, change: Callable[[Any], Any]) -> Any:
    """A gradient changed, the values alone where it is sparse."""
    if isinstance(gradients, api.IndexedSlices):
        return api.IndexedSlices(change(gradients.values), gradients.indices, gradients.dense_shape)
    return change(gradients)


def _times(factor: Any) -> Callable[[Any], Any]:
    return lambda value: value * factor


@export("contrib.slim.learning.clip_gradient_norms")
def slim_clip_gradient_norms(gradients_to_variables: Gradients, max_norm: Any) -> Gradients:
    """The gradients, each of a norm of at most `max_norm`."""
    return clip_gradient_norms(gradients_to_variables, max_norm)


@export("contrib.training.clip_gradient_norms")
def clip_gradient_norms(gradients_to_variables: Gradients, max_norm: Any) -> Gradients:
    """The gradients, each of a norm of at most `max_norm`."""
    return [(None if grad is None else _changed(grad, lambda value: api.clip_by_norm(value, max_norm)), var)
            for grad, var in gradients_to_variables]


@export("contrib.training.clip_gradient_norms_fn")
def clip_gradient_norms_fn(max_norm: Any) -> Callable[[Gradients], Gradients]:
    """`clip_gradient_norms` as a function of the gradients."""
    return lambda gradients: clip_gradient_norms(gradients, max_norm)


@export("contrib.slim.learning.multiply_gradients")
def slim_multiply_gradients(grads_and_vars: Gradients, gradient_multipliers: dict[Any, Any]) -> Gradients:
    """The gradients, those of some variables (or names of variables) times a factor."""
    return multiply_gradients(grads_and_vars, gradient_multipliers)


@export("contrib.training.multiply_gradients")
def multiply_gradients(grads_and_vars: Gradients, gradient_multipliers: dict[Any, Any]) -> Gradients:
    """The gradients, those of some variables (or names of variables) times a factor.

    Raises:
      ValueError: the factors are no dict, or a variable that has one has no gradient.
    """
    if not isinstance(grads_and_vars, list):
        raise ValueError("`grads_and_vars` must be a list.")
    if not gradient_multipliers:
        raise ValueError("`gradient_multipliers` is empty.")
    if not isinstance(gradient_multipliers, dict):
        raise ValueError("`gradient_multipliers` must be a dict.")
    result = []
    for grad, var in grads_and_vars:
        key = var if var in gradient_multipliers else var.op.name
        if key in gradient_multipliers:
            if grad is None:
                raise ValueError("Requested multiple of `None` gradient.")
            factor = gradient_multipliers[key]
            if not isinstance(factor, Tensor):
                factor = api.constant(factor, dtype=grad.dtype)
            grad = _changed(grad, _times(factor))
        result.append((grad, var))
    return result


@export("contrib.slim.learning.add_gradients_summaries")
def slim_add_gradients_summaries(grads_and_vars: Gradients) -> list[Tensor]:
    """A histogram and the norm of each gradient."""
    return _summaries(grads_and_vars, "_gradient", "_gradient_norm")


@export("contrib.training.add_gradients_summaries")
def add_gradients_summaries(grads_and_vars: Gradients) -> list[Tensor]:
    """A histogram and the norm of each gradient."""
    return _summaries(grads_and_vars, "_gradient", "_gradient_norm")


def _summaries(gradients: Gradients, histogram: str, norm: str) -> list[Tensor]:
    found = []
    for grad, var in gradients:
        if grad is not None:
            values = grad.values if isinstance(grad, api.IndexedSlices) else grad
            found.append(api.summary.histogram(var.op.name + histogram, values))
            found.append(api.summary.scalar(var.op.name + norm, api.linalg.global_norm([values])))
    return found


@export("contrib.training.create_train_op")
def create_train_op(total_loss: Any, optimizer: Any, global_step: Any = _USE_GLOBAL_STEP, update_ops: Any = None,
                    variables_to_train: Any = None, transform_grads_fn: Any = None, summarize_gradients: bool = False,
                    gate_gradients: int = GATE_OP, aggregation_method: Any = None,
                    colocate_gradients_with_ops: bool = False, check_numerics: bool = True) -> Tensor:
    """A tensor that gives the loss after updates and a step of training.

    Args:
      global_step: the step to count; by default the graph's, made if there is none; None counts nothing.
      update_ops: what runs before; by default `GraphKeys.UPDATE_OPS`.
      variables_to_train: by default all trainable ones.
      transform_grads_fn: a function of the pairs of gradients and variables that gives new ones.
      summarize_gradients: whether to add summaries of the gradients.
      check_numerics: whether a loss that is no number is an error.

    Raises:
      ValueError: a variable to train is not trainable.
    """
    if global_step is _USE_GLOBAL_STEP:
        global_step = global_steps.get_or_create_global_step()
    total_loss = _after_updates(total_loss, update_ops)
    trainable = api.trainable_variables()
    if variables_to_train is None:
        variables_to_train = trainable
    else:
        for var in variables_to_train:
            assert any(var is each for each in trainable)
    gradients = optimizer.compute_gradients(
        total_loss, variables_to_train, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops)
    if transform_grads_fn:
        gradients = transform_grads_fn(gradients)
    if summarize_gradients:
        with name_scope("summarize_grads"):
            add_gradients_summaries(gradients)
    updates = optimizer.apply_gradients(gradients, global_step=global_step)
    with name_scope("train_op"):
        if check_numerics:
            total_loss = api.debugging.check_numerics(total_loss, "LossTensor is inf or nan")
        train_op = with_dependencies([updates], total_loss)
    known = get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
    if not any(train_op is each for each in known):
        known.append(train_op)
    return train_op


def _after_updates(total_loss: Any, update_ops: Any) -> Any:
    """The loss, computed after the updates."""
    own = get_default_graph().get_collection(GraphKeys.UPDATE_OPS)
    update_ops = own if update_ops is None else list(dict.fromkeys(update_ops))
    if not update_ops:
        return total_loss
    with get_default_graph().control_dependencies(update_ops):
        barrier = api.no_op(name="update_barrier")
    return with_dependencies([barrier], total_loss)


@export("contrib.slim.learning.create_train_op")
def slim_create_train_op(total_loss: Any, optimizer: Any, global_step: Any = _USE_GLOBAL_STEP, update_ops: Any = None,
                         variables_to_train: Any = None, clip_gradient_norm: Any = 0,
                         summarize_gradients: bool = False, gate_gradients: int = GATE_OP,
                         aggregation_method: Any = None, colocate_gradients_with_ops: bool = False,
                         gradient_multipliers: Any = None, check_numerics: bool = True) -> Tensor:
    """`tf.contrib.training.create_train_op`, with gradients multiplied and clipped on the way.

    Args:
      clip_gradient_norm: the largest norm of a gradient; 0 for any.
      gradient_multipliers: a dict of factors by variable or name.
    """

    def transform(gradients: Gradients) -> Gradients:
        if gradient_multipliers:
            with name_scope("multiply_grads"):
                gradients = multiply_gradients(gradients, gradient_multipliers)
        if clip_gradient_norm > 0:
            with name_scope("clip_grads"):
                gradients = clip_gradient_norms(gradients, clip_gradient_norm)
        return gradients

    return create_train_op(
        total_loss, optimizer, global_step=global_step, update_ops=update_ops, variables_to_train=variables_to_train,
        transform_grads_fn=transform, summarize_gradients=summarize_gradients, gate_gradients=gate_gradients,
        aggregation_method=aggregation_method, colocate_gradients_with_ops=colocate_gradients_with_ops,
        check_numerics=check_numerics)
