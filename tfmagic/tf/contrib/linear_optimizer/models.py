"""`tf.contrib.linear_optimizer.SdcaModel`: a linear model that is fitted in the dual, example by example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.state.assign import assign, assign_add
from tfmagic.ops.state.scatter import scatter_add
from tfmagic.tf.contrib.linear_optimizer.sharded import ShardedTable
from tfmagic.tf.framework.scopes import control_dependencies, device
from tfmagic.tf.variable.variables import Variable

_LOSSES = ("logistic_loss", "squared_loss", "hinge_loss", "smooth_hinge_loss", "poisson_loss")
_SPARSE, _DENSE = "sparse_features_weights", "dense_features_weights"
_GROUPS = (_SPARSE, _DENSE)


@export("contrib.linear_optimizer.SparseFeatureColumn")
class SparseFeatureColumn:
    """The features of examples that have few of many.

    Args:
      example_indices: [n], int64: the number of the example, in ascending order.
      feature_indices: [n], int64: which feature it has.
      feature_values: [n], float32: how much of it; None for one.
    """

    def __init__(self, example_indices: Any, feature_indices: Any, feature_values: Any):
        with name_scope(None, "SparseFeatureColumn", [example_indices, feature_indices]):
            self._example_indices = convert_to_tensor(example_indices, dtypes.int64, name="example_indices")
            self._feature_indices = convert_to_tensor(feature_indices, dtypes.int64, name="feature_indices")
        self._feature_values: Tensor | None = None
        if feature_values is not None:
            with name_scope(None, "SparseFeatureColumn", [feature_values]):
                self._feature_values = convert_to_tensor(feature_values, dtypes.float32, name="feature_values")

    @property
    def example_indices(self) -> Tensor:
        """The numbers of the examples."""
        return self._example_indices

    @property
    def feature_indices(self) -> Tensor:
        """Which features they have."""
        return self._feature_indices

    @property
    def feature_values(self) -> Tensor | None:
        """How much of them."""
        return self._feature_values


@export("contrib.linear_optimizer.SdcaModel")
class SdcaModel:
    """A linear model of examples, and the ops that fit it by stochastic dual coordinate ascent.

    Args:
      examples: `sparse_features`: `SparseFeatureColumn`s; `dense_features`: float32 tensors [n, columns];
        `example_labels` and `example_weights`: [n]; `example_ids`: strings [n], which tell examples apart.
      variables: `sparse_features_weights` and `dense_features_weights`: a variable, a vector, for each column.
      options: `loss_type` ("logistic_loss", "squared_loss", "hinge_loss", "smooth_hinge_loss" or "poisson_loss");
        `symmetric_l1_regularization` and `symmetric_l2_regularization`; perhaps `num_loss_partitions`,
        `num_table_shards` and `adaptive`.

    Raises:
      KeyError: a part is missing.
      ValueError: there are none, the loss is unknown, a regularisation is negative, or what should be a list is not.
    """

    def __init__(self, examples: dict[str, Any], variables: dict[str, Any], options: dict[str, Any]):
        if not examples or not variables or not options:
            raise ValueError("examples, variables and options must all be specified.")
        if options["loss_type"] not in _LOSSES:
            raise ValueError("Unsupported loss_type: ", options["loss_type"])
        _check(examples, ("example_labels", "example_weights", "example_ids", "sparse_features", "dense_features"))
        _check_lists(examples, ("sparse_features", "dense_features"))
        _check(variables, _GROUPS)
        _check_lists(variables, _GROUPS)
        for name in ("symmetric_l1_regularization", "symmetric_l2_regularization"):
            if options[name] < 0.0:
                raise ValueError(f"{name} should be non-negative. Found ({options[name]:f})")
        self._examples, self._variables, self._options = examples, variables, options
        self._unshrunk = {name: [_slot(variable) for variable in variables[name]] for name in _GROUPS}
        self._table = ShardedTable(options.get("num_table_shards") or 1)
        api.summary.scalar("approximate_duality_gap", self.approximate_duality_gap())
        api.summary.scalar("examples_seen", self._table.size())

    @property
    def _l1(self) -> float:
        return self._options["symmetric_l1_regularization"]

    @property
    def _l2(self) -> float:
        """At least 1: the algorithm needs as much."""
        return max(self._options["symmetric_l2_regularization"], 1.0)

    def predictions(self, examples: dict[str, Any]) -> Tensor:
        """What the model predicts of examples, [n]: a probability, a rate, or a number, as the loss wants it."""
        _check(examples, ("example_weights", "sparse_features", "dense_features"))
        _check_lists(examples, ("sparse_features", "dense_features"))
        result = self._linear(examples)
        if self._options["loss_type"] == "logistic_loss":
            with name_scope("sdca/logistic_prediction"):
                result = api.sigmoid(result)
        elif self._options["loss_type"] == "poisson_loss":
            with name_scope("sdca/poisson_prediction"):
                result = api.exp(result)
        return result

    def _linear(self, examples: dict[str, Any]) -> Tensor:
        with name_scope("sdca/prediction"):
            of_sparse: Any = 0.0
            for column, weights in zip(examples["sparse_features"], _tensors(self._variables[_SPARSE])):
                of_sparse += api.math.segment_sum(
                    api.multiply(api.gather(weights, column.feature_indices), column.feature_values),
                    column.example_indices)
            of_dense: Any = 0.0
            columns, given = _tensors(examples["dense_features"]), _tensors(self._variables[_DENSE])
            for column, weights in zip(columns, given):
                of_dense += api.matmul(column, api.expand_dims(weights, -1))
        return api.reshape(of_dense, [-1]) + of_sparse

    def minimize(self, global_step: Any = None, name: str | None = None) -> Operation:
        """The op of one pass over the examples; `update_weights` then brings what it found into the variables."""
        with name_scope(name, "sdca/minimize"):
            columns = self._examples["sparse_features"]
            hashed = raw.sdca_fprint(convert_to_tensor(self._examples["example_ids"]))
            state = self._table.lookup(hashed)
            indices, weights = [], []
            for variable, column in zip(self._unshrunk[_SPARSE], columns):
                with device(variable.device):
                    indices.append(api.cast(api.unique(api.cast(column.feature_indices, dtypes.int32))[0],
                                            dtypes.int64))
                    weights.append(api.gather(variable, indices[-1]))
            told, sparse, dense = raw.sdca_optimizer_v2(
                [column.example_indices for column in columns], [column.feature_indices for column in columns],
                [column.feature_values for column in columns if column.feature_values is not None],
                _tensors(self._examples["dense_features"]),
                convert_to_tensor(self._examples["example_weights"]),
                convert_to_tensor(self._examples["example_labels"]), indices, weights,
                _tensors(self._unshrunk[_DENSE]), state, loss_type=self._options["loss_type"], l1=self._l1, l2=self._l2,
                num_loss_partitions=self._options.get("num_loss_partitions") or 1, num_inner_iterations=1,
                adaptive=self._options.get("adaptive", True))
            with control_dependencies([told]):
                updates = [self._table.insert(hashed, told)]
                updates += [scatter_add(variable, places, change) for variable, places, change in zip(
                    self._unshrunk[_SPARSE], indices, sparse)]
                updates += [assign_add(variable, change) for variable, change in zip(self._unshrunk[_DENSE], dense)]
            if global_step is None:
                return group(*updates)
            with control_dependencies(updates):
                return assign_add(global_step, 1, name=name).op

    def update_weights(self, train_op: Operation) -> Operation:
        """The op that brings what `train_op`, of `minimize`, found into the variables, and shrinks them."""
        with control_dependencies([train_op]):
            updates = [assign(variable, slot, use_locking=False) for variable, slot in self._pairs()]
        with control_dependencies(updates):
            for variable, _ in self._pairs():
                with device(variable.device):
                    updates.append(raw.sdca_shrink_l1([variable._ref()], l1=self._l1, l2=self._l2))
            return group(*updates)

    def _pairs(self) -> Iterator[tuple[Any, Any]]:
        for name in _GROUPS:
            yield from zip(self._variables[name], self._unshrunk[name])

    def approximate_duality_gap(self) -> Tensor:
        """How far the model is from the best one, float64, from what the last pass noted of each example."""
        with name_scope("sdca/approximate_duality_gap"):
            sums: list[Tensor] = []
            for values in self._table.values():
                with device(values.device), control_dependencies(sums):
                    sums.append(api.reduce_sum(api.cast(values, dtypes.float64), 0))
            total = api.add_n(sums)
            primal, dual, weight = total[1], total[2], total[3]
            return (primal + dual + self._penalty("l1") + 2.0 * self._penalty("l2")) / weight

    def _penalty(self, kind: str) -> Tensor:
        measure: Callable[[Any], Tensor] = api.abs if kind == "l1" else api.square
        with name_scope(f"sdca/{kind}_loss"):
            sums = [api.reduce_sum(measure(api.cast(weights, dtypes.float64)))
                    for name in _GROUPS for weights in _tensors(self._variables[name])]
            if kind == "l1":
                return self._l1 * api.add_n(sums)
            return self._l2 * api.add_n(sums) / 2.0

    def unregularized_loss(self, examples: dict[str, Any]) -> Tensor:
        """The mean loss of examples, float64, without the regularisation; that of a smooth hinge as if it were none."""
        _check(examples, ("example_labels", "example_weights", "sparse_features", "dense_features"))
        _check_lists(examples, ("sparse_features", "dense_features"))
        with name_scope("sdca/unregularized_loss"):
            predictions = api.cast(self._linear(examples), dtypes.float64)
            labels = api.cast(convert_to_tensor(examples["example_labels"]), dtypes.float64)
            weights = api.cast(convert_to_tensor(examples["example_weights"]), dtypes.float64)
            kind = self._options["loss_type"]
            if kind == "squared_loss":
                error = api.subtract(labels, predictions)
                return api.reduce_sum(api.multiply(api.square(error), weights)) / (2.0 * api.reduce_sum(weights))
            loss = {"logistic_loss": _logistic, "poisson_loss": _poisson}.get(kind, _hinge)(labels, predictions)
            return api.reduce_sum(api.multiply(loss, weights)) / api.reduce_sum(weights)

    def regularized_loss(self, examples: dict[str, Any]) -> Tensor:
        """The mean loss of examples, float64, with the regularisation."""
        _check(examples, ("example_labels", "example_weights", "sparse_features", "dense_features"))
        _check_lists(examples, ("sparse_features", "dense_features"))
        with name_scope("sdca/regularized_loss"):
            penalty = self._penalty("l1") + self._penalty("l2")
            weights = api.cast(convert_to_tensor(examples["example_weights"]), dtypes.float64)
            return penalty / api.reduce_sum(weights) + self.unregularized_loss(examples)


def _logistic(labels: Tensor, predictions: Tensor) -> Tensor:
    return api.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=predictions)


def _poisson(labels: Tensor, predictions: Tensor) -> Tensor:
    return api.nn.log_poisson_loss(targets=labels, log_input=predictions)


def _hinge(labels: Tensor, predictions: Tensor) -> Tensor:
    ones = api.ones_like(predictions)
    signs = api.subtract(2 * labels, ones)
    return api.nn.relu(api.subtract(ones, api.multiply(signs, predictions)))


def _slot(variable: Any) -> Any:
    """Where the optimiser keeps what a variable is before it is shrunk."""
    return Variable(api.zeros_like(variable.initialized_value()),
                    name=f"{variable.op.name}_unshrinked/SDCAOptimizer")


def _tensors(values: Any) -> list[Tensor]:
    return [convert_to_tensor(value) for value in values]


def _check(given: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if given[name] is None:
            raise ValueError(f"{name} must be specified.")


def _check_lists(given: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if not isinstance(given[name], list):
            raise ValueError(f"{name} must be a list.")
