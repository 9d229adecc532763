"""What every test of a linear operator asks of it: `LinearOperatorDerivedClassTest` and the random matrices for it."""

from __future__ import annotations

import abc
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.random.seeds import DEFAULT_GRAPH_SEED
from tfmagic.tf.test.case import TensorFlowTestCase


class OperatorShapesInfo:
    """The shape of an operator under test, and what else a test wants to know of it.

    Args:
      shape: of the operator, a tuple of ints.
      kwargs: further attributes.
    """

    def __init__(self, shape: Any, **kwargs: Any):
        self.shape = shape
        self.__dict__.update(kwargs)


class CheckTapeSafeSkipOptions:
    """What `check_tape_safe` can leave out."""

    DETERMINANT = "determinant"
    DIAG_PART = "diag_part"
    LOG_ABS_DETERMINANT = "log_abs_determinant"
    TRACE = "trace"


_PRECISION = {dtypes.float16: 1e-3, dtypes.float32: 1e-6, dtypes.float64: 1e-12, dtypes.complex64: 1e-6,
              dtypes.complex128: 1e-12}


class LinearOperatorDerivedClassTest(TensorFlowTestCase, metaclass=abc.ABCMeta):
    """The base of tests of one class of operators: `add_tests` gives a derived class its tests.

    A derived class says how to make an operator, and the matrices with which it is multiplied and solved.
    """

    _atol = dict(_PRECISION)
    _rtol = dict(_PRECISION)

    def assertAC(self, x: Any, y: Any) -> None:
        """Assert that two arrays of the same type are nearly equal, as nearly as the type allows."""
        dtype = dtypes.as_dtype(x.dtype)
        self.assertAllClose(x, y, atol=self._atol[dtype], rtol=self._rtol[dtype])

    @staticmethod
    def adjoint_options() -> list[bool]:
        """For which `adjoint` products and solutions are tested."""
        return [False, True]

    @staticmethod
    def adjoint_arg_options() -> list[bool]:
        """For which `adjoint_arg` products and solutions are tested."""
        return [False, True]

    @staticmethod
    def dtypes_to_test() -> list[Any]:
        """The types of numbers that are tested."""
        return [dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128]

    @staticmethod
    def use_placeholder_options() -> list[bool]:
        """Whether operators of known and of unknown static shapes are tested."""
        return [False, True]

    @staticmethod
    def operator_shapes_infos() -> list[OperatorShapesInfo]:
        """The shapes of operators that are tested."""
        raise NotImplementedError("operator_shapes_infos has not been implemented.")

    @staticmethod
    def skip_these_tests() -> list[str]:
        """The tests that the class does not pass: names as "solve" or "cholesky"."""
        return []

    @abc.abstractmethod
    def operator_and_matrix(self, shapes_info: OperatorShapesInfo, dtype: Any, use_placeholder: bool,
                            ensure_self_adjoint_and_pd: bool = False) -> tuple[Any, Tensor]:
        """An operator, and the same as a matrix.

        Args:
          shapes_info: what the operator's shape is.
          dtype: of its numbers.
          use_placeholder: whether it is made of tensors without a static shape.
          ensure_self_adjoint_and_pd: whether it has to be self-adjoint and positive definite.
        """
        raise NotImplementedError("Not implemented yet.")

    @abc.abstractmethod
    def make_rhs(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """A matrix to solve for."""
        raise NotImplementedError("make_rhs is not defined.")

    @abc.abstractmethod
    def make_x(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """A matrix to multiply with."""
        raise NotImplementedError("make_x is not defined.")

    def assertRaisesError(self, msg: str) -> Any:
        """A context in which a run has to fail with words that match `msg`."""
        return self.assertRaisesRegex(Exception, msg) if api.executing_eagerly() else self.assertRaisesOpError(msg)

    def check_tape_safe(self, operator: Any, skip_options: Any = None) -> None:
        """Check that gradients with respect to an operator's variables go through each of its methods.

        Args:
          operator: one that has variables.
          skip_options: which methods to leave out, of `CheckTapeSafeSkipOptions`.

        Raises:
          AssertionError: a gradient is None, or there are no variables.
        """
        skipped = skip_options or []
        if not operator.variables:
            raise AssertionError("`operator.variables` was empty")

        def check(function: Callable[[], Any]) -> None:
            with api.GradientTape() as tape:
                value = function()
            for gradient in tape.gradient(value, operator.variables):
                self.assertIsNotNone(gradient)

        check(lambda: operator.adjoint().to_dense())
        check(operator.to_dense)
        for name in (CheckTapeSafeSkipOptions.DETERMINANT, CheckTapeSafeSkipOptions.DIAG_PART,
                     CheckTapeSafeSkipOptions.LOG_ABS_DETERMINANT, CheckTapeSafeSkipOptions.TRACE):
            if name not in skipped:
                check(getattr(operator, name))
        if operator.is_non_singular is not False:
            check(lambda: operator.inverse().to_dense())
            check(lambda: operator.solve(self.make_rhs(operator, adjoint=False)))
        check(lambda: operator.matmul(self.make_x(operator, adjoint=False)))


# --- the tests ------------------------------------------------------------------------------------------------------

_Given = tuple[bool, OperatorShapesInfo, Any]


def _run(self: Any, given: _Given, body: Callable[..., None], **options: Any) -> None:
    """Call `body(session, operator, matrix)` in a graph and session of their own, with the usual seed."""
    use_placeholder, shapes_info, dtype = given
    with self.session(graph=Graph()) as session:
        session.graph.seed = DEFAULT_GRAPH_SEED
        body(session, *self.operator_and_matrix(shapes_info, dtype, use_placeholder=use_placeholder, **options))


def _agree(of_operator: Callable[[Any], Tensor],
           of_matrix: Callable[[Tensor], Tensor]) -> Callable[..., Callable[[Any], None]]:
    """A test that a method of an operator gives what a function of its matrix gives."""

    def made(use_placeholder: bool, shapes_info: OperatorShapesInfo, dtype: Any) -> Callable[[Any], None]:
        def test(self: Any) -> None:
            def body(session: Any, operator: Any, matrix: Tensor) -> None:
                result, expected = of_operator(operator), of_matrix(matrix)
                if not use_placeholder:
                    self.assertAllEqual(result.get_shape(), expected.get_shape())
                self.assertAC(*session.run([result, expected]))

            _run(self, (use_placeholder, shapes_info, dtype), body)

        return test

    return made


def _with_a_matrix(solving: bool, with_batch: bool, self: Any, given: _Given, adjoint: bool, adjoint_arg: bool) -> None:
    """Test a product with (or a solution for) a matrix."""
    use_placeholder, shapes_info, _ = given
    if not with_batch and len(shapes_info.shape) <= 2:
        return  # there is no batch to broadcast

    def body(session: Any, operator: Any, matrix: Tensor) -> None:
        x = (self.make_rhs if solving else self.make_x)(operator, adjoint=adjoint, with_batch=with_batch)
        plain = operator.solve if solving else operator.matmul
        result = (plain(api.linalg.adjoint(x), adjoint=adjoint, adjoint_arg=True) if adjoint_arg
                  else plain(x, adjoint=adjoint))
        if solving and not with_batch:
            x = api.broadcast_to(x, api.concat([api.shape(matrix)[:-2], api.shape(x)[-2:]], 0))
        expected = (api.linalg.solve if solving else lambda a, b, adjoint: api.matmul(a, b, adjoint_a=adjoint))(
            matrix, x, adjoint=adjoint)
        if not use_placeholder:
            self.assertAllEqual(result.get_shape(), expected.get_shape())
        self.assertAC(*session.run([result, expected]))

    _run(self, given, body)


def _times_a_matrix(solving: bool, with_batch: bool) -> Callable[..., Callable[[Any], None]]:
    def made(use_placeholder: bool, shapes_info: OperatorShapesInfo, dtype: Any, adjoint: bool,
             adjoint_arg: bool) -> Callable[[Any], None]:
        return lambda self: _with_a_matrix(solving, with_batch, self, (use_placeholder, shapes_info, dtype), adjoint,
                                           adjoint_arg)

    return made


def _test_cholesky(use_placeholder: bool, shapes_info: OperatorShapesInfo, dtype: Any) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        def body(session: Any, operator: Any, matrix: Tensor) -> None:
            factor = operator.cholesky().to_dense()
            expected = api.linalg.cholesky(matrix)
            values = session.run([matrix, api.matmul(factor, factor, adjoint_b=True), factor, expected])
            self.assertAC(values[1], values[0])
            self.assertAC(values[2], values[3])

        _run(self, (use_placeholder, shapes_info, dtype), body, ensure_self_adjoint_and_pd=True)

    return test


def _test_add_to_tensor(use_placeholder: bool, shapes_info: OperatorShapesInfo, dtype: Any) -> Callable[[Any], None]:
    return _agree(lambda operator: operator.add_to_tensor(operator.to_dense()), lambda matrix: 2 * matrix)(
        use_placeholder, shapes_info, dtype)


_test_to_dense = _agree(lambda operator: operator.to_dense(), lambda matrix: matrix)
_test_det = _agree(lambda operator: operator.determinant(), lambda matrix: api.linalg.det(matrix))
_test_log_abs_det = _agree(lambda operator: operator.log_abs_determinant(),
                           lambda matrix: api.linalg.slogdet(matrix)[1])
_test_adjoint = _agree(lambda operator: operator.adjoint().to_dense(), lambda matrix: api.linalg.adjoint(matrix))
_test_inverse = _agree(lambda operator: operator.inverse().to_dense(), lambda matrix: api.linalg.inv(matrix))
_test_trace = _agree(lambda operator: operator.trace(), lambda matrix: api.linalg.trace(matrix))
_test_diag_part = _agree(lambda operator: operator.diag_part(), lambda matrix: api.linalg.diag_part(matrix))
_test_matmul = _times_a_matrix(solving=False, with_batch=True)
_test_matmul_with_broadcast = _times_a_matrix(solving=False, with_batch=False)
_test_solve = _times_a_matrix(solving=True, with_batch=True)
_test_solve_with_broadcast = _times_a_matrix(solving=True, with_batch=False)

_TESTS: dict[str, Callable[..., Callable[[Any], None]]] = {
    "add_to_tensor": _test_add_to_tensor, "cholesky": _test_cholesky, "det": _test_det, "diag_part": _test_diag_part,
    "inverse": _test_inverse, "log_abs_det": _test_log_abs_det, "matmul": _test_matmul,
    "matmul_with_broadcast": _test_matmul_with_broadcast, "solve": _test_solve,
    "solve_with_broadcast": _test_solve_with_broadcast, "to_dense": _test_to_dense, "trace": _test_trace}
_WITH_ADJOINTS = ("matmul", "matmul_with_broadcast", "solve", "solve_with_broadcast")


def add_tests(test_cls: Any) -> None:
    """Give a derived class of `LinearOperatorDerivedClassTest` its tests, a method for each way to make an operator.

    Raises:
      RuntimeError: it has one of them already.
    """
    for name, make in _TESTS.items():
        if name in test_cls.skip_these_tests():
            continue
        for dtype, use_placeholder, info in itertools.product(
                test_cls.dtypes_to_test(), test_cls.use_placeholder_options(), test_cls.operator_shapes_infos()):
            whole = f"test_{name}__shape={info.shape},dtype={dtype},use_placeholder={use_placeholder}"
            if name not in _WITH_ADJOINTS:
                _add(test_cls, whole, make(use_placeholder, info, dtype))
                continue
            for adjoint, adjoint_arg in itertools.product(test_cls.adjoint_options(), test_cls.adjoint_arg_options()):
                _add(test_cls, f"{whole},adjoint={adjoint},adjoint_arg={adjoint_arg}",
                     make(use_placeholder, info, dtype, adjoint, adjoint_arg))


def _add(test_cls: Any, name: str, test: Callable[[Any], None]) -> None:
    if hasattr(test_cls, name):
        raise RuntimeError(f"Test {name} defined more than once")
    test.__name__ = name
    setattr(test_cls, name, test)


class SquareLinearOperatorDerivedClassTest(LinearOperatorDerivedClassTest):
    """The base of tests of operators that have as many rows as columns."""

    @staticmethod
    def operator_shapes_infos() -> list[OperatorShapesInfo]:
        """Single matrices, an empty one among them, and batches."""
        return [OperatorShapesInfo(shape) for shape in ((0, 0), (1, 1), (1, 3, 3), (3, 4, 4), (2, 1, 4, 4))]

    def make_rhs(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """A matrix to solve for: one to multiply with will do."""
        return self.make_x(operator, adjoint=not adjoint, with_batch=with_batch)

    def make_x(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """A random matrix [..., n, k], without the operator's batch if `with_batch` is false."""
        count = self._get_num_systems(operator)
        if operator.shape.is_fully_defined():
            shape = operator.batch_shape.as_list() if with_batch else []
            return random_normal([*shape, operator.domain_dimension.value, count], dtype=operator.dtype)
        lead = [operator.batch_shape_tensor()] if with_batch else []
        return random_normal(api.concat([*lead, [operator.domain_dimension_tensor(), count]], 0), dtype=operator.dtype)

    def _get_num_systems(self, operator: Any) -> int:
        """How many right-hand sides to solve for."""
        return 1 if operator.tensor_rank is None or operator.tensor_rank > 2 else 2


class NonSquareLinearOperatorDerivedClassTest(LinearOperatorDerivedClassTest):
    """The base of tests of operators that need not have as many rows as columns: they are not solved."""

    @staticmethod
    def skip_these_tests() -> list[str]:
        """What only square operators do."""
        return ["cholesky", "inverse", "solve", "solve_with_broadcast", "det", "log_abs_det"]

    @staticmethod
    def operator_shapes_infos() -> list[OperatorShapesInfo]:
        """Single matrices and batches, wide and high ones."""
        return [OperatorShapesInfo(shape) for shape in ((2, 1), (1, 2), (1, 3, 2), (3, 3, 4), (2, 1, 2, 4))]

    def make_rhs(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """Nothing: such operators are not solved."""
        raise NotImplementedError("make_rhs not implemented because we don't test solve")

    def make_x(self, operator: Any, adjoint: bool, with_batch: bool = True) -> Tensor:
        """A random matrix to multiply with, without the operator's batch if `with_batch` is false."""
        count = self._get_num_systems(operator)
        if operator.shape.is_fully_defined():
            rows = (operator.range_dimension if adjoint else operator.domain_dimension).value
            shape = operator.batch_shape.as_list() if with_batch else []
            return random_normal([*shape, rows, count], dtype=operator.dtype)
        rows = operator.range_dimension_tensor() if adjoint else operator.domain_dimension_tensor()
        lead = [operator.batch_shape_tensor()] if with_batch else []
        return random_normal(api.concat([*lead, [rows, count]], 0), dtype=operator.dtype)

    def _get_num_systems(self, operator: Any) -> int:
        """How many columns to multiply with."""
        return 1 if operator.tensor_rank is None or operator.tensor_rank > 2 else 2


# --- random matrices ------------------------------------------------------------------------------------------------


def _complex_by(make: Callable[..., Tensor], dtype: Any, seed: int | None) -> Tensor:
    """Random numbers of a type, real and imaginary part each by themselves."""
    dtype = dtypes.as_dtype(dtype)
    real = make(dtype=dtype.real_dtype, seed=seed)
    if not dtype.is_complex:
        return real
    return api.complex(real, make(dtype=dtype.real_dtype, seed=None if seed is None else seed + 1234))


def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                  seed: int | None = None) -> Tensor:
    """Normally distributed numbers; real and imaginary part each by themselves."""
    with name_scope("random_normal"):
        return _complex_by(lambda **kind: api.random_normal(shape, mean=mean, stddev=stddev, **kind), dtype, seed)


def random_uniform(shape: Any, minval: Any = None, maxval: Any = None, dtype: Any = dtypes.float32,
                   seed: int | None = None) -> Tensor:
    """Uniformly distributed numbers; real and imaginary part each by themselves."""
    with name_scope("random_uniform"):
        return _complex_by(lambda **kind: api.random_uniform(shape, minval=minval, maxval=maxval, **kind), dtype, seed)


def random_sign_uniform(shape: Any, minval: Any = None, maxval: Any = None, dtype: Any = dtypes.float32,
                        seed: int | None = None) -> Tensor:
    """Uniformly distributed numbers, each with a random sign."""
    with name_scope("random_sign_uniform"):
        size = random_uniform(shape, minval, maxval, dtype=dtype, seed=seed)
        sign = api.sign(api.random_uniform(shape, minval=-1.0, maxval=1.0, seed=None if seed is None else seed + 12))
        return size * api.cast(sign, size.dtype)


def random_tril_matrix(shape: Any, dtype: Any, force_well_conditioned: bool = False,
                       remove_upper: bool = True) -> Tensor:
    """Random lower triangular matrices.

    Args:
      shape: [..., n, n].
      dtype: of the numbers.
      force_well_conditioned: whether the magnitudes on the diagonal are between 1 and the root of 2.
      remove_upper: whether there are zeros above the diagonal.
    """
    with name_scope("random_tril_matrix"):
        dtype = dtypes.as_dtype(dtype)
        matrix = random_normal(shape, dtype=dtype)
        if remove_upper:
            matrix = api.linalg.band_part(matrix, -1, 0)
        if force_well_conditioned:
            most = convert_to_tensor(np.sqrt(2.0), dtype=dtype.real_dtype)
            matrix = api.linalg.set_diag(matrix, random_sign_uniform(shape[:-1], dtype=dtype, minval=1.0, maxval=most))
        return matrix


def random_positive_definite_matrix(shape: Any, dtype: Any, force_well_conditioned: bool = False) -> Tensor:
    """Random matrices [..., n, n], self-adjoint and positive definite."""
    with name_scope("random_positive_definite_matrix"):
        factor = random_tril_matrix(shape, dtype, force_well_conditioned=force_well_conditioned)
        return api.matmul(factor, factor, adjoint_b=True)


def random_normal_correlated_columns(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                                     eps: float = 1e-4, seed: int | None = None) -> Tensor:
    """Random matrices whose columns nearly lie in a plane, where they have no more rows than columns.

    Args:
      shape: [..., m, n].
      mean, stddev: of the numbers.
      dtype: of the numbers.
      eps: the deviation of the noise that is added.
      seed: of the random numbers.
    """
    dtype = dtypes.as_dtype(dtype)
    if len(shape) < 2:
        raise ValueError(f"Argument shape must be at least length 2.  Found: {shape}")
    shape = TensorShape(shape).as_list()
    rows, columns = shape[-2:]
    if rows > columns:
        return random_normal(shape, mean=mean, stddev=stddev, dtype=dtype, seed=seed)
    with name_scope("random_normal_correlated_columns"):
        batch, few = shape[:-2], columns - 1
        small = random_normal([*batch, rows, few], stddev=1 / np.sqrt(few), dtype=dtype, seed=seed)
        spread = random_normal([*batch, columns, few], dtype=dtype, seed=None if seed is None else seed + 1287)
        flat = api.linalg.transpose(api.matmul(spread, small, transpose_b=True))
        middle = api.ones_like(flat) * mean
        return flat + random_normal(shape, stddev=eps, dtype=dtype) + middle
