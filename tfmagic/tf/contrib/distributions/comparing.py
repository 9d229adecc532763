"""What tests of distributions do: compare samples with log probabilities, means and variances."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api

Runner = Callable[[Any], Any]


class DiscreteScalarDistributionTestHelpers:
    """Checks of distributions of whole numbers, for subclasses of `tf.test.TestCase`."""

    def run_test_sample_consistent_log_prob(self, sess_run_fn: Runner, dist: Any, num_samples: int = 100000,
                                            num_threshold: int = 1000, seed: int = 42, batch_size: int | None = None,
                                            rtol: float = 1e-2, atol: float = 0.0) -> None:
        """Check that numbers are drawn as often as their probabilities say.

        Args:
          sess_run_fn: takes tensors, returns their values (`sess.run`).
          dist: a distribution of scalar whole numbers.
          num_samples: how many are drawn of each.
          num_threshold: numbers drawn less often than that are not looked at.
          seed: of the samples.
          batch_size: the number of distributions in `dist`; by default as its static shape says.
          rtol, atol: as for `assertAllClose`.

        Raises:
          AssertionError: they are not.
          ValueError: `num_threshold` is less than 1.
        """
        if num_threshold < 1:
            raise ValueError(f"num_threshold({num_threshold}) must be at least 1.")
        samples = dist.sample(num_samples, seed=seed)
        samples = api.transpose(api.reshape(samples, [num_samples, -1]))
        if batch_size is None:
            batch_size = dist.batch_shape.num_elements()
        assertions: Any = self
        for number, drawn in enumerate(api.unstack(samples, num=batch_size, axis=0)):
            counts, edges = self.histogram(drawn)
            probabilities = api.exp(dist.log_prob(api.reshape(edges, [-1] + [1] * len(dist.batch_shape))))
            counts, probabilities = sess_run_fn([counts, api.reshape(probabilities, [api.size(edges), -1])])
            often = counts > num_threshold
            column = probabilities[:, number if probabilities.shape[1] > 1 else 0]
            assertions.assertAllClose(counts[often] / num_samples, column[often], rtol=rtol, atol=atol)

    def run_test_sample_consistent_mean_variance(self, sess_run_fn: Runner, dist: Any, num_samples: int = 100000,
                                                 seed: int = 24, rtol: float = 1e-2, atol: float = 0.0) -> None:
        """Check the mean, variance and standard deviation against those of samples.

        Raises:
          AssertionError: they differ.
        """
        drawn = api.cast(dist.sample(num_samples, seed=seed), dtypes.float32)
        mean = api.reduce_mean(drawn, axis=0)
        variance = api.reduce_mean(api.square(drawn - mean), axis=0)
        found = sess_run_fn([mean, variance, api.sqrt(variance), dist.mean(), dist.variance(), dist.stddev()])
        assertions: Any = self
        for of_samples, own in zip(found[:3], found[3:]):
            assertions.assertAllClose(of_samples, own, rtol=rtol, atol=atol)

    def histogram(self, x: Any, value_range: Any = None, nbins: Any = None,
                  name: str | None = None) -> tuple[Tensor, Tensor]:
        """How often values are in each bin, and where the bins begin.

        Args:
          x: a tensor.
          value_range: [low, high]; by default from the least value to one more than the greatest.
          nbins: how many bins; by default of width 1.
          name: the scope of the nodes.
        """
        with name_scope(name, "histogram", [x]):
            x = convert_to_tensor(x, name="x")
            if value_range is None:
                value_range = [api.reduce_min(x), 1 + api.reduce_max(x)]
            value_range = convert_to_tensor(value_range, name="value_range")
            low, high = value_range[0], value_range[1]
            if nbins is None:
                nbins = api.cast(high - low, dtypes.int32)
            width = (high - low) / api.cast(nbins, value_range.dtype.base_dtype)
            edges = api.range(start=low, limit=high, delta=width, dtype=x.dtype.base_dtype)
            counts = api.histogram_fixed_width(x, value_range=api.cast(value_range, x.dtype.base_dtype), nbins=nbins)
            return counts, edges


class VectorDistributionTestHelpers:
    """Checks of distributions of vectors, for subclasses of `tf.test.TestCase`."""

    def run_test_sample_consistent_log_prob(self, sess_run_fn: Runner, dist: Any, num_samples: int = 100000,
                                            radius: float = 1.0, center: Any = 0.0, seed: int = 42,
                                            rtol: float = 1e-2, atol: float = 0.0) -> None:
        """Check that samples are as dense as the probabilities say, by the volume of a ball.

        The mean of 1 / p(x) over those samples x that are in the ball is its volume.

        Args:
          sess_run_fn: takes tensors, returns their values (`sess.run`).
          dist: a distribution of vectors.
          num_samples: how many are drawn of each.
          radius, center: the ball.
          seed: of the samples.
          rtol, atol: as for `assertAllClose`.

        Raises:
          AssertionError: they are not.
        """
        size = dist.event_shape_tensor()[0]
        drawn = dist.sample(num_samples, seed=seed)
        inside = api.cast(api.norm(drawn - center, axis=-1) <= radius, drawn.dtype)
        volumes = api.reduce_mean(api.exp(-dist.log_prob(drawn)) * inside, axis=0)
        found, size, batch = sess_run_fn([volumes, size, dist.batch_shape_tensor()])
        half = size / 2.0
        log_volume = half * np.log(np.pi) + size * np.log(radius) - math.lgamma(1.0 + half)
        assertions: Any = self
        assertions.assertAllClose(np.full(batch, np.exp(log_volume), found.dtype), found, rtol=rtol, atol=atol)

    def run_test_sample_consistent_mean_covariance(self, sess_run_fn: Runner, dist: Any, num_samples: int = 100000,
                                                   seed: int = 24, rtol: float = 1e-2, atol: float = 0.1,
                                                   cov_rtol: float | None = None,
                                                   cov_atol: float | None = None) -> None:
        """Check the mean, covariance, variance and standard deviation against those of samples.

        Args:
          cov_rtol, cov_atol: the tolerances of all but the mean; by default `rtol` and `atol`.

        Raises:
          AssertionError: they differ.
        """
        drawn = dist.sample(num_samples, seed=seed)
        mean = api.reduce_mean(drawn, axis=0)
        centered = drawn - mean
        covariance = api.reduce_mean(api.matmul(centered[..., None], centered[..., None, :]), axis=0)
        variance = api.matrix_diag_part(covariance)
        found = sess_run_fn([mean, covariance, variance, api.sqrt(variance), dist.mean(), dist.covariance(),
                             dist.variance(), dist.stddev()])
        assertions: Any = self
        for place, (of_samples, own) in enumerate(zip(found[:4], found[4:])):
            of_mean = place == 0
            assertions.assertAllClose(of_samples, own, rtol=rtol if of_mean or cov_rtol is None else cov_rtol,
                                      atol=atol if of_mean or cov_atol is None else cov_atol)
