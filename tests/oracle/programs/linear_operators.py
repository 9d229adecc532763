"""Linear operators: what they are, what they do to matrices and to each other, and what they refuse."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import refusals

MATRIX = np.array([[4, 1, 0], [1, 3, -1], [0.5, 0, 2]], "float32")
POSITIVE = np.array([[4, 1, 0], [1, 3, -1], [0, -1, 2]], "float32")
RIGHT = (np.arange(6).reshape(3, 2) - 2).astype("float32")
OF_ITSELF = ["to_dense", "diag_part", "trace", "determinant", "log_abs_determinant", "shape_tensor",
             "batch_shape_tensor", "tensor_rank_tensor", "domain_dimension_tensor", "range_dimension_tensor",
             "assert_non_singular", "assert_positive_definite", "assert_self_adjoint"]


def facts(operator):
    """What is known of an operator without a run."""
    return [type(operator).__name__, operator.name, operator.dtype.name, str(operator.shape), str(operator.batch_shape),
            operator.tensor_rank, str(operator.domain_dimension), str(operator.range_dimension), operator.is_square,
            operator.is_self_adjoint, operator.is_non_singular, operator.is_positive_definite,
            [parent.name for parent in operator.graph_parents]]


def uses(tf, operator, x, dense):
    """All that it does: what to fetch, facts, and what is refused."""
    calls = [lambda: operator.matmul(x), lambda: operator.matmul(x, adjoint=True),
             lambda: operator.matmul(tf.linalg.adjoint(x), adjoint_arg=True), lambda: operator.matvec(x[..., 0]),
             lambda: operator.solve(x), lambda: operator.solve(x, adjoint=True),
             lambda: operator.solve(tf.linalg.adjoint(x), adjoint_arg=True, name="other"),
             lambda: operator.solvevec(x[..., 1]), lambda: operator.add_to_tensor(dense),
             lambda: operator.matmul(tf.stack([x, x + 1])), lambda: operator.solve(tf.stack([x, x + 1, x]))]
    calls += [getattr(operator, name) for name in OF_ITSELF]
    out, other, refused = [], [facts(operator)], []
    for call in calls:
        try:
            out.append(call())
        except (NotImplementedError, ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            refused.append(str(error).splitlines()[0])
    for name in ("adjoint", "inverse", "cholesky"):
        try:
            made = getattr(operator, name)()
            other.append(facts(made))
            out.append(made.matmul(tf.cast(x, made.dtype)))
        except (NotImplementedError, ValueError) as error:
            refused.append(str(error).splitlines()[0])
    return [fetch for fetch in out if isinstance(fetch, tf.Tensor)], {"is": other, "refused": refused}


def case(tf, operator, x, dense, feeds):
    """A case of one operator."""
    out, known = uses(tf, operator, x, dense)
    return Case(steps=[(out, feeds)], facts=known)


@program
def linear_operator_diag(tf):
    diagonal, x = tf.placeholder(tf.float32, [3], name="diagonal"), tf.placeholder(tf.float32, [3, 2], name="x")
    operator = tf.linalg.LinearOperatorDiag(diagonal, name="scale")
    return case(tf, operator, x, tf.ones([3, 3]), {diagonal: [2, 3, 0.5], x: RIGHT})


@program
def linear_operator_diag_of_complex_numbers(tf):
    diagonal = tf.placeholder(tf.complex64, [2, 3], name="diagonal")
    operator = tf.linalg.LinearOperatorDiag(diagonal)
    x = tf.constant(RIGHT + 1j, tf.complex64)
    out = [operator.matmul(x), operator.matmul(x, adjoint=True), operator.solve(x, adjoint=True),
           operator.log_abs_determinant(), operator.trace(), operator.adjoint().to_dense(),
           operator.assert_positive_definite(), operator.assert_non_singular()]
    return Case(steps=[(out, {diagonal: [[2, 3j + 1, 0.5], [1, 2 + 1j, 3]]})],
                facts={"is": [facts(operator), facts(operator.adjoint())]})


@program
def linear_operator_full_matrix(tf):
    matrix, x = tf.placeholder(tf.float32, [3, 3], name="matrix"), tf.placeholder(tf.float32, [3, 2], name="x")
    operator = tf.linalg.LinearOperatorFullMatrix(matrix)
    return case(tf, operator, x, tf.ones([3, 3]), {matrix: MATRIX, x: RIGHT})


@program
def linear_operator_positive_definite(tf):
    matrix, x = tf.placeholder(tf.float32, [3, 3], name="matrix"), tf.placeholder(tf.float32, [3, 2], name="x")
    operator = tf.linalg.LinearOperatorFullMatrix(matrix, is_self_adjoint=True, is_positive_definite=True)
    return case(tf, operator, x, tf.ones([3, 3]), {matrix: POSITIVE, x: RIGHT})


@program
def linear_operator_of_unknown_shape(tf):
    matrix = tf.placeholder(tf.float32, [None, None, None], name="matrix")
    x = tf.placeholder(tf.float32, [None, None], name="x")
    operator = tf.linalg.LinearOperatorFullMatrix(matrix, is_square=True)
    out = [operator.matmul(x), operator.solve(x), operator.shape_tensor(), operator.batch_shape_tensor(),
           operator.domain_dimension_tensor(), operator.tensor_rank_tensor(), operator.determinant(),
           operator.diag_part(), operator.trace()]
    return Case(steps=[(out, {matrix: [MATRIX, POSITIVE], x: RIGHT})], facts={"is": facts(operator)})


@program
def linear_operator_many_right_sides(tf):
    matrix, x = tf.placeholder(tf.float32, [3, 3], name="matrix"), tf.placeholder(tf.float32, [4, 3, 1], name="x")
    full, triangle = tf.linalg.LinearOperatorFullMatrix(matrix), tf.linalg.LinearOperatorLowerTriangular(matrix)
    out = [full.solve(x), full.solve(x, adjoint=True), triangle.solve(x), triangle.solve(x, adjoint=True),
           full.solvevec(x[..., 0]), triangle.matmul(x)]
    return Case(steps=[(out, {matrix: MATRIX, x: np.arange(12).reshape(4, 3, 1)})])


@program
def linear_operator_lower_triangular(tf):
    matrix, x = tf.placeholder(tf.float32, [3, 3], name="matrix"), tf.placeholder(tf.float32, [3, 2], name="x")
    operator = tf.linalg.LinearOperatorLowerTriangular(matrix, is_non_singular=True)
    return case(tf, operator, x, tf.ones([3, 3]), {matrix: MATRIX, x: RIGHT})


@program
def linear_operator_identity(tf):
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    return case(tf, tf.linalg.LinearOperatorIdentity(3, dtype=tf.float32), x, tf.ones([3, 3]), {x: RIGHT})


@program
def linear_operator_identity_of_a_batch(tf):
    x, rows = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.int32, [], name="rows")
    fixed = tf.linalg.LinearOperatorIdentity(3, batch_shape=[2], assert_proper_shapes=True)
    late = tf.linalg.LinearOperatorIdentity(rows, batch_shape=tf.placeholder_with_default([2], [1]))
    out = [operator.matmul(x) for operator in (fixed, late)]
    out += [getattr(operator, name)() for operator in (fixed, late) for name in OF_ITSELF[:10]]
    return Case(steps=[(out, {x: RIGHT, rows: 3})], facts={"is": [facts(fixed), facts(late)]})


@program
def linear_operator_scaled_identity(tf):
    x, factor = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [], name="factor")
    operator = tf.linalg.LinearOperatorScaledIdentity(3, factor, is_positive_definite=True)
    several = tf.linalg.LinearOperatorScaledIdentity(3, tf.stack([factor, factor + 1]), name="several")
    found = case(tf, operator, x, tf.ones([3, 3]), {x: RIGHT, factor: 2.5})
    out = [several.matmul(x), several.solve(x), several.trace(), several.determinant(), several.diag_part()]
    found.steps.append((out, {x: RIGHT, factor: 2.5}))
    return found


@program
def linear_operator_zeros(tf):
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    return case(tf, tf.linalg.LinearOperatorZeros(3), x, tf.ones([3, 3]), {x: RIGHT})


@program
def linear_operator_low_rank_update(tf):
    x, u = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3, 1], name="u")
    base = tf.linalg.LinearOperatorDiag([2.0, 3.0, 4.0], is_positive_definite=True)
    return case(tf, tf.linalg.LinearOperatorLowRankUpdate(base, u), x, tf.ones([3, 3]),
                {x: RIGHT, u: [[1], [0.5], [-1]]})


@program
def linear_operator_low_rank_update_of_two_factors(tf):
    x, u = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3, 1], name="u")
    base = tf.linalg.LinearOperatorFullMatrix(MATRIX, is_non_singular=True)
    operator = tf.linalg.LinearOperatorLowRankUpdate(base, u, diag_update=[0.5], v=u + 1, name="update")
    found = case(tf, operator, x, tf.ones([3, 3]), {x: RIGHT, u: [[1], [0.5], [-1]]})
    found.facts["parts"] = [operator.base_operator.name, operator.diag_operator.name, operator.diag_update.name,
                            operator.is_diag_update_positive]
    return found


@program
def linear_operator_composition(tf):
    x, matrix = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3, 3], name="matrix")
    operator = tf.linalg.LinearOperatorComposition([
        tf.linalg.LinearOperatorDiag([2.0, 3.0, 4.0]), tf.linalg.LinearOperatorFullMatrix(matrix)])
    return case(tf, operator, x, tf.ones([3, 3]), {x: RIGHT, matrix: MATRIX})


@program
def linear_operator_inversion_and_adjoint(tf):
    x, matrix = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3, 3], name="matrix")
    full = tf.linalg.LinearOperatorFullMatrix(matrix, is_non_singular=True)
    inverse = case(tf, tf.linalg.LinearOperatorInversion(full), x, tf.ones([3, 3]), {x: RIGHT, matrix: MATRIX})
    adjoint = case(tf, tf.linalg.LinearOperatorAdjoint(full), x, tf.ones([3, 3]), {x: RIGHT, matrix: MATRIX})
    return Case(steps=inverse.steps + adjoint.steps, facts={"inverse": inverse.facts, "adjoint": adjoint.facts})


@program
def linear_operator_block_diag(tf):
    x, matrix = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [None, 2, 2], name="matrix")
    operator = tf.linalg.LinearOperatorBlockDiag([
        tf.linalg.LinearOperatorDiag([2.0]), tf.linalg.LinearOperatorFullMatrix(matrix)])
    out = [operator.matmul(x), operator.solve(x), operator.to_dense(), operator.diag_part(), operator.determinant(),
           operator.trace(), operator.shape_tensor(), operator.inverse().to_dense(), operator.adjoint().to_dense()]
    fixed = tf.linalg.LinearOperatorBlockDiag([
        tf.linalg.LinearOperatorDiag([2.0]), tf.linalg.LinearOperatorFullMatrix(MATRIX[:2, :2])], name="fixed")
    found = case(tf, fixed, x, tf.ones([3, 3]), {x: RIGHT})
    found.steps.append((out, {x: RIGHT, matrix: [MATRIX[:2, :2], POSITIVE[:2, :2]]}))
    return found


@program
def linear_operator_householder(tf):
    x, axis = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3], name="axis")
    return case(tf, tf.linalg.LinearOperatorHouseholder(axis), x, tf.ones([3, 3]), {x: RIGHT, axis: [1, 2, -1]})


@program
def linear_operator_circulant(tf):
    x, spectrum = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3], name="spectrum")
    operator = tf.linalg.LinearOperatorCirculant(spectrum, input_output_dtype=tf.float32)
    found = case(tf, operator, x, tf.ones([3, 3]), {x: RIGHT, spectrum: [6, 1, 1]})
    found.steps.append(([operator.convolution_kernel(), operator.block_shape_tensor()], {spectrum: [6, 1, 1]}))
    found.facts["more"] = [operator.block_depth, str(operator.block_shape)]
    return found


@program
def linear_operator_circulant_of_blocks(tf):
    flat, solid = tf.placeholder(tf.complex64, [2, 2], name="flat"), tf.placeholder(tf.float32, [1, 2, 2], name="solid")
    late = tf.placeholder(tf.complex64, [None, None], name="late")
    x = tf.constant(np.arange(8).reshape(4, 2) + 1j, tf.complex64)
    operators = [tf.linalg.LinearOperatorCirculant2D(flat), tf.linalg.LinearOperatorCirculant3D(solid),
                 tf.linalg.LinearOperatorCirculant(late)]
    out = []
    for operator in operators:
        out += [operator.matmul(x), operator.solve(x), operator.determinant(), operator.trace(), operator.diag_part(),
                operator.log_abs_determinant(), operator.shape_tensor()]
    return Case(steps=[(out, {flat: [[1, 2j], [3, 1]], solid: [[[1, 2], [3, 5]]], late: [[1, 2, 1j, 3]]})],
                facts={"is": [facts(operator) for operator in operators]})


@program
def linear_operator_toeplitz(tf):
    x, column = tf.placeholder(tf.float32, [3, 2], name="x"), tf.placeholder(tf.float32, [3], name="column")
    operator = tf.linalg.LinearOperatorToeplitz(column, [4.0, 1.0, -1.0])
    return case(tf, operator, x, tf.ones([3, 3]), {x: RIGHT, column: [4, 2, 0.5]})


@program
def linear_operators_make_operators(tf):
    linalg = tf.linalg
    diag = linalg.LinearOperatorDiag([1.0, 2.0, 4.0], name="D", is_positive_definite=True)
    full = linalg.LinearOperatorFullMatrix(MATRIX, name="F", is_non_singular=True)
    several = [diag, full, linalg.LinearOperatorLowerTriangular(MATRIX, name="T"),
               linalg.LinearOperatorIdentity(3, name="I"), linalg.LinearOperatorScaledIdentity(3, 2.0, name="S"),
               linalg.LinearOperatorZeros(3, name="Z"), linalg.LinearOperatorInversion(full, name="V"),
               linalg.LinearOperatorAdjoint(full, name="A"),
               linalg.LinearOperatorHouseholder([1.0, 0.0, 2.0], name="H"),
               linalg.LinearOperatorCirculant([6.0, 1.0, 1.0], input_output_dtype=tf.float32, name="C")]
    out, known = [], []
    for a in several:
        for b in several:
            for name in ("matmul", "solve"):
                try:
                    made = getattr(a, name)(b)
                    known.append(facts(made))
                    out.append(made.matmul(tf.cast(RIGHT, made.dtype)))
                except NotImplementedError as error:
                    known.append(str(error))
    made = [full.matmul(full, adjoint=True), full.matmul(diag, adjoint_arg=True), full.solve(full, adjoint=True)]
    known += [facts(one) for one in made]
    return Case(steps=[(out + [one.to_dense() for one in made], None)], facts={"is": known})


@program
def linear_operator_refuses(tf):
    linalg = tf.linalg
    diag, wide = linalg.LinearOperatorDiag([1.0, 2.0]), linalg.LinearOperatorFullMatrix(RIGHT)
    calls = (lambda: linalg.LinearOperatorDiag(1.0), lambda: linalg.LinearOperatorDiag([1]),
             lambda: linalg.LinearOperatorDiag([1.0], is_self_adjoint=False),
             lambda: linalg.LinearOperatorDiag([1.0], is_square=False),
             lambda: linalg.LinearOperatorFullMatrix([1.0]),
             lambda: linalg.LinearOperatorFullMatrix([[1.0]], is_positive_definite=True, is_non_singular=False),
             lambda: linalg.LinearOperatorFullMatrix([[1.0]], is_non_singular=True, is_square=False),
             lambda: linalg.LinearOperatorFullMatrix([[1.0]], is_self_adjoint=True, is_square=False),
             lambda: linalg.LinearOperatorFullMatrix([[1.0]], is_square=False).determinant(),
             lambda: linalg.LinearOperatorIdentity(-1), lambda: linalg.LinearOperatorIdentity([1]),
             lambda: linalg.LinearOperatorIdentity(1.5), lambda: linalg.LinearOperatorIdentity(2, batch_shape=2),
             lambda: linalg.LinearOperatorIdentity(2, is_square=False),
             lambda: linalg.LinearOperatorZeros(2, is_non_singular=True),
             lambda: linalg.LinearOperatorComposition([]), lambda: linalg.LinearOperatorBlockDiag([]),
             lambda: linalg.LinearOperatorBlockDiag([wide]), lambda: diag.cholesky(), lambda: wide.inverse(),
             lambda: wide.solve(RIGHT), lambda: wide.determinant(), lambda: diag.matmul(RIGHT),
             lambda: diag.matmul(np.ones([2, 2])), lambda: diag.matmul(wide), lambda: diag.matvec([1.0]),
             lambda: linalg.LinearOperatorToeplitz([1.0], [1.0, 2.0]),
             lambda: linalg.LinearOperatorLowRankUpdate(diag, [[1.0], [2.0]], is_self_adjoint=False),
             lambda: linalg.LinearOperatorComposition([diag, linalg.LinearOperatorIdentity(2, dtype=tf.float64)]))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def linear_operator_of_ones_own(tf):
    class Shift(tf.linalg.LinearOperator):
        """Each number moves one place down."""

        def __init__(self, size):
            super(Shift, self).__init__(tf.float32, graph_parents=[], is_square=True, name="shift")
            self.size = size

        def _shape(self):
            return tf.TensorShape([self.size, self.size])

        def _shape_tensor(self):
            return tf.constant([self.size, self.size])

        def _matmul(self, x, adjoint=False, adjoint_arg=False):
            x = tf.linalg.adjoint(x) if adjoint_arg else x
            return tf.roll(x, -1 if adjoint else 1, -2)

    x = tf.placeholder(tf.float32, [3, 2], name="x")
    return case(tf, Shift(3), x, tf.ones([3, 3]), {x: RIGHT})
