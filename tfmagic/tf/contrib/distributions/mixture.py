"""Mixture: one of several distributions, drawn anew for every sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.mixing import mixture_stddev, one_hot_mask, pad_mixture_dimensions
from tfmagic.tf.distributions.categorical import Categorical
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.new_seed import new_seed


@export("contrib.distributions.Mixture")
class Mixture(Distribution):
    """One of several distributions, drawn anew for every sample.

    Args:
      cat: a `Categorical` distribution that draws it.
      components: a list of as many distributions as `cat` has classes, with its batch shape and one event shape.
      validate_args: whether batch shapes are compared in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      use_static_graph: whether each sample is drawn of all components, and all but one thrown away: with shapes that
        are known.
      name: of the scopes.

    Raises:
      TypeError: what is given are no such distributions, or of several types.
      ValueError: as many components as classes are not given, or shapes do not fit.
    """

    @moved_from_contrib("mixture")
    def __init__(self, cat: Any, components: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 use_static_graph: bool = False, name: str = "Mixture"):
        parameters = dict(locals())
        dtype = self._checked_types(cat, components)
        self._static_event_shape = components[0].event_shape
        self._static_batch_shape = cat.batch_shape
        for component in components:
            self._static_event_shape = self._static_event_shape.merge_with(component.event_shape)
            self._static_batch_shape = self._static_batch_shape.merge_with(component.batch_shape)
        if self._static_event_shape.ndims is None:
            raise ValueError("Expected to know rank(event_shape) from all components, but they aren't known.")
        with name_scope(name, values=[cat.logits]) as scope:
            known = constant_value(cat.event_size)
            if known is None:
                raise ValueError("Could not infer number of classes from cat and unable to compare this value to the "
                                 "number of components passed in.")
            if known != len(components):
                raise ValueError(f"cat.num_classes != len(components): {known} vs. {len(components)}")
            batch = cat.batch_shape_tensor()
            rank = api.size(batch)
            self._assertions = self._same_batches(components, batch, rank) if validate_args else []
            self._num_components = int(known)
            self._cat, self._components = cat, list(components)
            self._use_static_graph = use_static_graph
        super().__init__(
            dtype=dtype, reparameterization_type=NOT_REPARAMETERIZED, validate_args=validate_args,
            allow_nan_stats=allow_nan_stats, parameters=parameters, name=scope,
            graph_parents=[*cat._graph_parents, *(p for one in self._components for p in one._graph_parents)])

    @staticmethod
    def _checked_types(cat: Any, components: Any) -> Any:
        if not isinstance(cat, Categorical):
            raise TypeError(f"cat must be a Categorical distribution, but saw: {cat}")
        if not components:
            raise ValueError("components must be a non-empty list or tuple")
        if not all(isinstance(one, Distribution) for one in components):
            raise TypeError(f"all entries in components must be Distribution instances but saw: {components}")
        dtype = components[0].dtype
        if not all(one.dtype == dtype for one in components):
            raise TypeError("All components must have the same dtype, but saw dtypes: "
                            f"{[(one.name, one.dtype) for one in components]}")
        return dtype

    @staticmethod
    def _same_batches(components: Any, batch: Tensor, rank: Tensor) -> list[Operation]:
        shapes = [one.batch_shape_tensor() for one in components]
        pairs = [(rank, other) for other in [api.size(shape) for shape in shapes]] + [(batch, one) for one in shapes]
        return [api.debugging.assert_equal(
            ours, other, message=f"components[{place % len(components)}] batch shape must match cat batch shape")
            for place, (ours, other) in enumerate(pairs)]

    def _once_checked(self) -> Any:
        return get_default_graph().control_dependencies(self._assertions)

    @property
    def cat(self) -> Any:
        """What draws the component."""
        return self._cat

    @property
    def components(self) -> list[Any]:
        """The distributions, one of which is drawn."""
        return self._components

    @property
    def num_components(self) -> int:
        """How many there are."""
        return self._num_components

    def _batch_shape_tensor(self) -> Tensor:
        return self._cat.batch_shape_tensor()

    def _batch_shape(self) -> TensorShape:
        return self._static_batch_shape

    def _event_shape_tensor(self) -> Tensor:
        return self._components[0].event_shape_tensor()

    def _event_shape(self) -> TensorShape:
        return self._static_event_shape

    def _weights(self, of: Any) -> list[Tensor]:
        """What a function over classes, softmax or its logarithm, gives for each component."""
        return api.unstack(of(self.cat.logits), num=self.num_components, axis=-1)

    def _for_events(self, weight: Tensor) -> Tensor:
        for _ in range(self._known_event_rank()):
            weight = api.expand_dims(weight, -1)
        return weight

    def _known_event_rank(self) -> int:
        rank = self._static_event_shape.ndims
        assert rank is not None, "the constructor refuses others"
        return rank

    def _mean(self) -> Tensor:
        with self._once_checked():
            means = [one.mean() for one in self.components]
            weights = [self._for_events(weight) for weight in self._weights(api.nn.softmax)]
            return api.add_n([weight * mean for weight, mean in zip(weights, means, strict=True)])

    def _stddev(self) -> Tensor:
        with self._once_checked():
            means = [one.mean() for one in self.components]
            deviations = [one.stddev() for one in self.components]
            weights = self._weights(api.nn.softmax)
            mean, deviation = api.stack(means, axis=-1), api.stack(deviations, axis=-1)
            weight = api.stack([self._for_events(one) for one in weights], axis=-1) * api.ones_like(mean)
            flat = (api.reshape(one, [-1, self.num_components]) for one in (weight, mean, deviation))
            return api.reshape(mixture_stddev(*flat), api.shape(weight)[:-1])

    def _mixed(self, terms: list[Tensor]) -> Tensor:
        weights = self._weights(api.nn.log_softmax)
        return api.reduce_logsumexp(
            api.stack([weight + term for weight, term in zip(weights, terms, strict=True)], axis=0), axis=[0])

    def _log_prob(self, x: Tensor) -> Tensor:
        with self._once_checked():
            return self._mixed([one.log_prob(x) for one in self.components])

    def _log_cdf(self, x: Tensor) -> Tensor:
        with self._once_checked():
            return self._mixed([one.log_cdf(x) for one in self.components])

    def entropy_lower_bound(self, name: str = "entropy_lower_bound") -> Tensor:
        """The entropy that is there without knowing which component is drawn: the mean of the components' ones."""
        with self._name_scope(name, values=[self.cat.logits]), self._once_checked():
            entropies = [one.entropy() for one in self.components]
            weights = self._weights(api.nn.softmax)
            return api.add_n([weight * entropy for weight, entropy in zip(weights, entropies, strict=True)])

    # --- samples ----------------------------------------------------------------------------------------------------

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        if self._use_static_graph:
            return self._sample_of_all(n, seed)
        with self._once_checked():
            n = convert_to_tensor(n, name="n")
            known = constant_value(n)
            return self._sample_of_each(n if known is None else int(known), seed)

    def _sample_of_all(self, n: Any, seed: int | None) -> Tensor:
        """Samples of all components, of which a mask leaves one."""
        with self._once_checked():
            drawn = self.cat.sample(n, seed=seed)
            samples = []
            for component in self.components:
                seed = new_seed(seed, "mixture")
                samples.append(component.sample(n, seed=seed))
            event_ndims = self._known_event_rank()
            axis = -1 - event_ndims
            samples = api.stack(samples, axis=axis)
            mask = one_hot_mask(drawn, self.num_components, samples.dtype)
            mask = pad_mixture_dimensions(mask, self, self.cat, event_ndims)
            return api.reduce_sum(samples * mask, axis=axis)

    def _sample_of_each(self, n: Any, seed: int | None) -> Tensor:
        """Of each component a sample for as many as drew it, stitched together."""
        drawn = self.cat.sample(n, seed=seed)
        if drawn.get_shape().is_fully_defined():
            shape: Any = drawn.get_shape().as_list()
            size: Any = int(np.prod(shape))
        else:
            shape, size = api.shape(drawn), api.size(drawn)
        batch_size = self.batch_shape.num_elements()
        if batch_size is None:
            batch_size = api.reduce_prod(self.cat.batch_shape_tensor())
        event: Any = np.array(self.event_shape.as_list(), np.int32) if self.event_shape.is_fully_defined() else None
        positions = api.dynamic_partition(
            data=api.reshape(api.range(0, size), shape), partitions=drawn, num_partitions=self.num_components)
        rows = api.dynamic_partition(
            data=api.reshape(api.tile(api.range(0, batch_size), [n]), shape), partitions=drawn,
            num_partitions=self.num_components)
        parts = []
        for place, component in enumerate(self.components):
            count = api.size(positions[place])
            seed = new_seed(seed, "mixture")
            part = component.sample(count, seed=seed)
            if event is None:
                rank = self.cat.batch_shape.ndims
                event = api.shape(part)[1 + (api.rank(drawn) - 1 if rank is None else rank):]
            # A sample of the component is one for the whole batch, of which one row is taken.
            lookup = batch_size * api.range(0, count) + rows[place]
            part = api.reshape(part, api.concat([[count * batch_size], event], 0))
            parts.append(api.gather(part, lookup, name="samples_class_c_gather"))
        found = api.dynamic_stitch(indices=positions, data=parts)
        found = api.reshape(found, api.concat([shape, self.event_shape_tensor()], 0))
        found.set_shape(drawn.get_shape().concatenate(self.event_shape))
        return found
