"""The linear operators by which samples are scaled: diagonals and triangles, from what users give."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity, LinearOperatorScaledIdentity
from tfmagic.tf.linalg.operators.stored import LinearOperatorDiag, LinearOperatorLowerTriangular


def is_diagonal(scale: Any) -> bool:
    """Whether an operator is a diagonal."""
    return isinstance(scale, (LinearOperatorIdentity, LinearOperatorScaledIdentity, LinearOperatorDiag))


def last_size(x: Tensor) -> Any:
    """The size of the last dimension: an int where it is known, else a tensor."""
    known = x.get_shape().with_rank_at_least(1)[-1].value if x.get_shape().ndims is not None else None
    return api.shape(x)[-1] if known is None else known


def diagonal_scale(loc: Any, scale_diag: Any, scale_identity_multiplier: Any, rows: Any = None,
                   validate_args: bool = False, positive: bool = False) -> Any:
    """The operator with a diagonal, or with the same number all along it.

    Args:
      loc: a tensor whose last dimension is as large, or None.
      scale_diag: the diagonal, or None.
      scale_identity_multiplier: what is added to it, or the one number.
      rows: how large it is, where neither of the tensors says so.
      validate_args: whether the numbers are found not to be 0 in each run.
      positive: whether they must be positive.

    Raises:
      ValueError: nothing says how large it is.
    """
    with name_scope("make_diag_scale", values=[loc, scale_diag, scale_identity_multiplier]):
        loc = None if loc is None else convert_to_tensor(loc, name="loc")
        scale_diag = None if scale_diag is None else convert_to_tensor(scale_diag, name="scale_diag")
        multiplier = None if scale_identity_multiplier is None else convert_to_tensor(
            scale_identity_multiplier, name="scale_identity_multiplier")
        if scale_diag is not None:
            if multiplier is not None:
                scale_diag += multiplier[..., None]
            if validate_args:
                scale_diag = _checked(scale_diag, positive, "diagonal part")
            return LinearOperatorDiag(diag=scale_diag, is_non_singular=True, is_self_adjoint=True,
                                      is_positive_definite=positive)
        if loc is None and rows is None:
            raise ValueError("Cannot infer `event_shape` unless `loc` or `shape_hint` is specified.")
        rows = last_size(loc) if rows is None else rows
        if multiplier is None:
            dtype = dtypes.float32 if loc is None else loc.dtype.base_dtype
            return LinearOperatorIdentity(num_rows=rows, dtype=dtype, is_self_adjoint=True, is_positive_definite=True,
                                          assert_proper_shapes=validate_args)
        if validate_args:
            multiplier = _checked(multiplier, positive, "diagonal part")
        return LinearOperatorScaledIdentity(num_rows=rows, multiplier=multiplier, is_non_singular=True,
                                            is_self_adjoint=True, is_positive_definite=positive,
                                            assert_proper_shapes=validate_args)


def _checked(x: Tensor, positive: bool, what: str) -> Tensor:
    """`x`, once it is found to be positive, or at least not 0."""
    if positive:
        return after([api.debugging.assert_positive(x, message=f"{what} must be positive")], x)
    return after([api.debugging.assert_none_equal(x, api.zeros([], x.dtype), message=f"{what} must be non-zero")], x)


def triangular_scale(tril: Tensor, diag: Tensor | None, multiplier: Tensor | None, validate_args: bool) -> Any:
    """The operator with a lower triangle, to whose diagonal numbers are added."""
    tril = api.linalg.band_part(tril, -1, 0)
    own = api.linalg.diag_part(tril)
    if diag is not None:
        own += diag
    if multiplier is not None:
        own += multiplier[..., None]
    tril = api.linalg.set_diag(tril, own)
    if validate_args:
        own = api.linalg.diag_part(tril)
        tril = after([api.debugging.assert_none_equal(
            own, api.zeros([], own.dtype), message="diagonal part must be non-zero")], tril)
    return LinearOperatorLowerTriangular(tril, is_non_singular=True, is_self_adjoint=False,
                                         is_positive_definite=False)
