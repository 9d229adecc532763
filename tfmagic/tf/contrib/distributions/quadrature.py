"""Points and weights by which a mean over a distribution becomes a sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.bijectors.elementwise import Exp
from tfmagic.tf.contrib.distributions.bijectors.vectors import SoftmaxCentered
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.normal import Normal
from tfmagic.tf.distributions.transformed import TransformedDistribution


def _quantiles(distribution: Any, size: int, change: Any = None) -> Tensor:
    """The borders of parts of a distribution that are equally probable, [..., size + 1]."""
    rank = distribution.batch_shape.ndims
    rank = api.shape(distribution.batch_shape_tensor())[0] if rank is None else rank
    inner = api.linspace(api.zeros([], dtype=distribution.dtype), 1.0, size + 3)[1:-1]
    inner = api.reshape(inner, shape=api.concat([[-1], api.ones([rank], dtype=dtypes.int32)], axis=0))
    found = distribution.quantile(inner)
    found = found if change is None else change(found)
    return api.transpose(found, api.concat([api.range(1, 1 + rank), [0]], axis=0))


def _middles(borders: Tensor) -> Tensor:
    return (borders[..., :-1] + borders[..., 1:]) / 2.0


def _check_mixes_two(normal_scale: Tensor) -> None:
    shape = normal_scale.get_shape()
    if shape.ndims == 0:
        raise ValueError(f"Mixing params must be a (batch of) vector; normal_scale.rank={shape.ndims} is not at least "
                         "one.")
    size = None if shape.ndims is None else shape[-1].value
    if size != 1:
        raise NotImplementedError(f"Currently only bimixtures are supported; normal_scale.shape[-1]={size} is not 1.")


def _equal_weights(size: int, dtype: Any) -> Tensor:
    return api.fill(dims=[size], value=1.0 / api.cast(size, dtype))


@export("contrib.distributions.quadrature_scheme_lognormal_quantiles")
@moved_from_contrib("poisson_lognormal", name=None)
def quadrature_scheme_lognormal_quantiles(loc: Any, scale: Any, quadrature_size: int, validate_args: bool = False,
                                          name: str | None = None) -> tuple[Tensor, Tensor]:
    """Points between the quantiles of the exponential of a normal number.

    Args:
      loc: the mean of that number.
      scale: its standard deviation.
      quadrature_size: how many points there are, an int.
      validate_args: whether the parameters are checked in each run.
      name: of the scope.

    Returns:
      The points [..., quadrature_size], and their weights [quadrature_size].
    """
    with name_scope(name, "quadrature_scheme_lognormal_quantiles", [loc, scale]):
        distribution = TransformedDistribution(distribution=Normal(loc=loc, scale=scale), bijector=Exp(),
                                               validate_args=validate_args)
        grid = _middles(_quantiles(distribution, quadrature_size))
        grid.set_shape(distribution.batch_shape.concatenate([quadrature_size]))
        return grid, _equal_weights(quadrature_size, distribution.dtype)


@export("contrib.distributions.quadrature_scheme_lognormal_gauss_hermite")
@moved_from_contrib("poisson_lognormal", name=None)
def quadrature_scheme_lognormal_gauss_hermite(loc: Tensor, scale: Tensor, quadrature_size: int,
                                              validate_args: bool = False,
                                              name: str | None = None) -> tuple[Tensor, Tensor]:
    """Gauss and Hermite's points and weights for a normal number.

    Args:
      loc: the mean of that number, a tensor.
      scale: its standard deviation, a tensor.
      quadrature_size: how many points there are, an int.
      validate_args: nothing is checked.
      name: of the scope.

    Returns:
      The points [..., quadrature_size], and their weights [quadrature_size].
    """
    with name_scope(name, "vector_diffeomixture_quadrature_gauss_hermite", [loc, scale]):
        grid, weights = np.polynomial.hermite.hermgauss(deg=quadrature_size)
        kind = loc.dtype.as_numpy_dtype
        grid, weights = grid.astype(kind), weights.astype(kind)
        weights /= np.sum(np.abs(weights), keepdims=True)
        probs = convert_to_tensor(weights, name="probs", dtype=loc.dtype)
        return loc[..., None] + np.sqrt(2.0) * scale[..., None] * grid, probs


@export("contrib.distributions.quadrature_scheme_softmaxnormal_quantiles")
@moved_from_contrib("vector_diffeomixture", name=None)
def quadrature_scheme_softmaxnormal_quantiles(normal_loc: Any, normal_scale: Any, quadrature_size: int,
                                              validate_args: bool = False,
                                              name: str | None = None) -> tuple[Tensor, Tensor]:
    """Points between the quantiles of the centred softmax of normal numbers.

    Args:
      normal_loc: the means of these numbers [..., k].
      normal_scale: their standard deviations [..., k].
      quadrature_size: how many points there are, an int.
      validate_args: nothing is checked.
      name: of the scope.

    Returns:
      The points [..., k + 1, quadrature_size], and their weights [quadrature_size].

    Raises:
      ValueError: `normal_scale` is a scalar.
      NotImplementedError: k is not 1.
    """
    with name_scope(name, "softmax_normal_grid_and_probs", [normal_loc, normal_scale]):
        normal_loc, normal_scale = _of_two(normal_loc, normal_scale)
        distribution = Normal(loc=normal_loc, scale=normal_scale)
        grid = _middles(_quantiles(distribution, quadrature_size, SoftmaxCentered().forward))
        return grid, _equal_weights(quadrature_size, normal_loc.dtype.base_dtype)


def _of_two(normal_loc: Any, normal_scale: Any) -> tuple[Tensor, Tensor]:
    """The parameters of the number whose centred softmax is two weights."""
    normal_loc = convert_to_tensor(normal_loc, name="normal_loc")
    normal_scale = convert_to_tensor(normal_scale, dtype=normal_loc.dtype.base_dtype, name="normal_scale")
    _check_mixes_two(normal_scale)
    return normal_loc, normal_scale


@export("contrib.distributions.quadrature_scheme_softmaxnormal_gauss_hermite")
@moved_from_contrib("vector_diffeomixture", name=None)
def quadrature_scheme_softmaxnormal_gauss_hermite(normal_loc: Any, normal_scale: Any, quadrature_size: int,
                                                  validate_args: bool = False,
                                                  name: str | None = None) -> tuple[Tensor, Tensor]:
    """Gauss and Hermite's points and weights for the centred softmax of normal numbers: TensorFlow 1.15 refuses them
    all, as it asks a type for its type, and so does this.

    Args:
      normal_loc, normal_scale, quadrature_size, validate_args, name: as in the scheme of quantiles.

    Raises:
      ValueError: `normal_scale` is a scalar, or there are no points.
      NotImplementedError: k is not 1.
      AttributeError: else.
    """
    with name_scope(name, "quadrature_scheme_softmaxnormal_gauss_hermite", [normal_loc, normal_scale]):
        _of_two(normal_loc, normal_scale)
        np.polynomial.hermite.hermgauss(deg=quadrature_size)
        raise AttributeError(
            "'DType' object has no attribute 'dtype'\n"
            "TensorFlow 1.15 fails so for all parameters. What works there and here is "
            "tf.contrib.distributions.quadrature_scheme_softmaxnormal_quantiles.")
