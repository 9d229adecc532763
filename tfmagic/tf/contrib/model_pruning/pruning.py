"""Which weights are set to zero, and when: the masks' updates."""

from __future__ import annotations

import re
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.model_pruning import masks
from tfmagic.tf.contrib.training.hyperparameters import HParams
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.variable.scope import get_variable, variable_scope


@export("contrib.model_pruning.get_pruning_hparams")
def get_pruning_hparams() -> HParams:
    """What `Pruning` can be told, with its defaults."""
    return HParams(name="model_pruning", begin_pruning_step=0, end_pruning_step=-1, weight_sparsity_map=[""],
                   block_dims_map=[""], threshold_decay=0.0, pruning_frequency=10, nbins=256, block_height=1,
                   block_width=1, block_pooling_function="AVG", initial_sparsity=0.0, target_sparsity=0.5,
                   sparsity_function_begin_step=0, sparsity_function_end_step=100, sparsity_function_exponent=3.0,
                   use_tpu=False)


@export("contrib.model_pruning.Pruning")
class Pruning:
    """Updates masks so that a growing fraction of the weights is zero, those of the least absolute values.

    Args:
      spec: as `get_pruning_hparams` gives it.
      global_step: the number of the step; by default the graph's.
      sparsity: the fraction; by default it grows from `initial_sparsity` to `target_sparsity`.

    Raises:
      ValueError: a number in `spec` is out of its range.
    """

    def __init__(self, spec: Any = None, global_step: Any = None, sparsity: Any = None):
        self._spec: Any = spec or get_pruning_hparams()
        self._validate_spec()
        step = api.train.get_global_step() if global_step is None else global_step
        self._global_step = api.cast(step, dtypes.int32)
        self._sparsity = self._setup_sparsity() if sparsity is None else sparsity
        self._block_dims = {name: self._two(name, value, "block dim") for name, value in
                            self._pairs("block_dims_map")}
        self._last_update_step = self._setup_last_update_step()
        self._sparsities = {name: float(value) for name, value in self._pairs("weight_sparsity_map")}
        if any(value > 1.0 for value in self._sparsities.values()):
            raise ValueError("Weight sparsity can not exceed 1.0")
        self._assign_ops: list[Any] = []

    def _pairs(self, given: str) -> list[tuple[str, str]]:
        """("name", "value") of each "name:value" of what it was told."""
        found = []
        for item in getattr(self._spec, given):
            if item:
                name, value = item.split(":")
                found.append((name, value))
        return found

    @staticmethod
    def _two(name: str, value: str, what: str) -> list[int]:
        parts = value.split("x")
        if len(parts) != 2:
            raise ValueError(f"Expected 2 values for {what} for {name}, got {parts}")
        return [int(part) for part in parts]

    def _validate_spec(self) -> None:
        spec = self._spec
        if spec.begin_pruning_step < 0:
            raise ValueError("Illegal value for begin_pruning_step")
        if spec.begin_pruning_step >= spec.end_pruning_step and spec.end_pruning_step != -1:
            raise ValueError(f"Pruning must begin before it can end. begin_step={spec.begin_pruning_step}, "
                             f"end_step={spec.end_pruning_step}.Set end_pruning_step to -1 if pruning is required till "
                             "trainingstops")
        if spec.sparsity_function_begin_step < 0:
            raise ValueError("Illegal value for sparsity_function_begin_step")
        if spec.sparsity_function_begin_step >= spec.sparsity_function_end_step:
            raise ValueError("Sparsity function requires begin_step < end_step")
        for name in ("threshold_decay", "initial_sparsity"):
            if not 0.0 <= getattr(spec, name) < 1.0:
                raise ValueError(f"{name} must be in range [0,1)")
        if not 0.0 <= spec.target_sparsity <= 1.0:
            raise ValueError("target_sparsity must be in range [0,1)")

    def _setup_sparsity(self) -> Any:
        spec = self._spec
        begin, end = spec.sparsity_function_begin_step, spec.sparsity_function_end_step
        with name_scope(spec.name):
            done = api.minimum(1.0, api.maximum(0.0, api.div(api.cast(self._global_step - begin, dtypes.float32),
                                                             float(end - begin))))
            return api.add(api.multiply(spec.initial_sparsity - spec.target_sparsity,
                                        api.pow(1 - done, spec.sparsity_function_exponent)),
                           spec.target_sparsity, name="sparsity")

    def _setup_last_update_step(self) -> Any:
        with variable_scope(self._spec.name, use_resource=self._spec.use_tpu):
            return get_variable("last_mask_update_step", [], initializer=Zeros(), trainable=False,
                                dtype=dtypes.int32)

    def _get_sparsity(self, name: str) -> Any:
        """The fraction for the weights of a name."""
        target = next((value for pattern, value in self._sparsities.items() if re.search(pattern, name)), None)
        if target is None:
            return self._sparsity
        return api.multiply(self._sparsity, api.div(target, self._spec.target_sparsity))

    def _update_mask(self, weights: Any, threshold: Any) -> tuple[Any, Any]:
        """The new threshold and mask of some weights, which are no greater than it."""
        if self._sparsity is None:
            raise ValueError("Sparsity variable undefined")
        sparsity = self._get_sparsity(weights.op.name)
        decay = self._spec.threshold_decay
        with name_scope(weights.op.name + "_pruning_ops"):
            sizes = api.abs(weights)
            count = api.cast(api.round(api.cast(api.size(sizes), dtypes.float32) * (1 - sparsity)), dtypes.int32)
            values, _ = api.nn.top_k(api.reshape(sizes, [-1]), k=api.size(sizes))
            found = api.gather(values, count - 1)
            smoothed = api.add_n([api.multiply(found, 1 - decay), api.multiply(threshold, decay)])
            return smoothed, api.cast(api.greater_equal(sizes, smoothed), dtypes.float32)

    def _maybe_update_block_mask(self, weights: Any, threshold: Any) -> tuple[Any, Any]:
        """The new threshold and mask; where blocks are asked for, all of a block of a matrix stays or goes."""
        spec = self._spec
        block = next((dims for pattern, dims in self._block_dims.items() if re.search(pattern, weights.op.name)),
                     [spec.block_height, spec.block_width])
        squeezed = api.squeeze(weights)
        if squeezed.get_shape().ndims != 2 or block == [1, 1]:
            return self._update_mask(weights, threshold)
        if spec.block_pooling_function not in ("AVG", "MAX"):
            raise ValueError(f"Unknown pooling function for block sparsity: {spec.block_pooling_function}")
        with name_scope(weights.op.name + "_pruning_ops"):
            shape = squeezed.get_shape().as_list()
            pooled = api.nn.pool(api.reshape(api.abs(squeezed), [1, *shape, 1]), window_shape=block,
                                 pooling_type=spec.block_pooling_function, strides=block, padding="SAME",
                                 name=weights.op.name + "_pooled")
            if pooled.get_shape().ndims != 2:
                pooled = api.squeeze(pooled, axis=[0, 3])
            smoothed, small = self._update_mask(pooled, threshold)
            mask = api.slice(_enlarged(small, block), [0, 0], shape)
        return smoothed, api.reshape(mask, api.shape(weights))

    def _get_mask_assign_ops(self) -> None:
        found, thresholds, weights = masks.get_masks(), masks.get_thresholds(), masks.get_weights()
        if len(found) != len(thresholds):
            raise ValueError(f"Number of masks {len(found)} and number of thresholds {len(thresholds)} mismatch")
        for mask, threshold, weight in zip(found, thresholds, weights):
            new_threshold, new_mask = self._maybe_update_block_mask(weight, threshold)
            self._assign_ops += [api.assign(variable, value, name=variable.op.name + "_assign")
                                 for variable, value in ((threshold, new_threshold), (mask, new_mask))]

    def mask_update_op(self) -> Any:
        """The operation that updates all masks."""
        graph = get_default_graph()
        with name_scope(self._spec.name):
            if not self._assign_ops:
                self._get_mask_assign_ops()
            step = api.assign(self._last_update_step, self._global_step, name="last_mask_update_step_assign")
            with graph.control_dependencies([step, *self._assign_ops]):
                tf_logging.info("Updating masks.")
                return api.no_op("mask_update")

    def conditional_mask_update_op(self) -> Any:
        """A tensor whose computation updates all masks when it is time: every `pruning_frequency` steps in between
        `begin_pruning_step` and `end_pruning_step`."""
        spec = self._spec
        with name_scope(spec.name):
            within = api.logical_and(api.greater_equal(self._global_step, spec.begin_pruning_step),
                                     api.logical_or(api.less_equal(self._global_step, spec.end_pruning_step),
                                                    api.less(spec.end_pruning_step, 0)))
            due = api.less_equal(api.add(self._last_update_step, spec.pruning_frequency), self._global_step)
            condition = api.logical_and(within, due)
        return api.cond(condition, self.mask_update_op, api.no_op)

    def add_pruning_summaries(self) -> None:
        """Summaries of the fraction asked for, and of each mask and threshold."""
        with name_scope(self._spec.name + "_summaries"):
            api.summary.scalar("sparsity", self._sparsity)
            api.summary.scalar("last_mask_update_step", self._last_update_step)
            for mask, threshold in zip(masks.get_masks(), masks.get_thresholds()):
                api.summary.scalar(mask.op.name + "/sparsity", api.nn.zero_fraction(mask))
                api.summary.scalar(threshold.op.name + "/threshold", threshold)

    def print_hparams(self) -> None:
        """Log what it was told."""
        tf_logging.info(self._spec.to_json())


def _enlarged(mask: Any, block: list[int]) -> Any:
    """Each element of a matrix as a block."""
    for axis, size in enumerate(block):
        if size == 1:
            continue
        turned = api.transpose(mask) if axis else mask
        rows, columns = turned.get_shape().as_list()
        places = constant([[row * size + copy] for copy in range(size) for row in range(rows)])
        wide = api.scatter_nd(places, api.tile(turned, [size, 1]), [rows * size, columns])
        mask = api.transpose(wide) if axis else wide
    return mask
