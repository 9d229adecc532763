"""Linear operators: what TensorFlow's own tests of them use, sums, registrations, and variables they are made of."""

import unittest

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.tf import internal

pytestmark = pytest.mark.usefixtures("graph")

addition, algebra, checks, testing = (internal.module(f"tensorflow.python.ops.linalg.linear_operator_{name}")
                                      for name in ("addition", "algebra", "util", "test_util"))


def value(tensor):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(tensor)


def derived(make, shapes=((2, 3, 3),), base=testing.SquareLinearOperatorDerivedClassTest):
    class Derived(base):
        @staticmethod
        def operator_shapes_infos():
            return [testing.OperatorShapesInfo(shape) for shape in shapes]

        @staticmethod
        def dtypes_to_test():
            return [tf.float64]

        @staticmethod
        def adjoint_options():
            return [True]

        @staticmethod
        def adjoint_arg_options():
            return [True]

        def operator_and_matrix(self, shapes_info, dtype, use_placeholder, ensure_self_adjoint_and_pd=False):
            return make(self, list(shapes_info.shape), dtype, use_placeholder, ensure_self_adjoint_and_pd or None)

    return Derived


def diagonal(self, shape, dtype, use_placeholder, definite):
    values = testing.random_uniform(shape[:-1], 1.0, 2.0, dtype)
    given = tf.placeholder_with_default(values, None) if use_placeholder else values
    return tf.linalg.LinearOperatorDiag(given, is_self_adjoint=definite, is_positive_definite=definite), \
        tf.matrix_diag(values)


def outcome(cls):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(cls).run(result)
    return result


def test_a_derived_class_has_a_test_for_every_method():
    cls = derived(diagonal)
    testing.add_tests(cls)
    result = outcome(cls)
    assert (result.testsRun, result.failures, result.errors) == (25, [], [])
    with pytest.raises(RuntimeError, match="defined more than once"):
        testing.add_tests(cls)


def test_a_wrong_operator_fails_each_test_of_it():
    def wrong(*args):
        operator, matrix = diagonal(*args)
        return operator, 2 * matrix

    cls = derived(wrong)
    testing.add_tests(cls)
    result = outcome(cls)
    assert (result.testsRun, len(result.failures), result.errors) == (25, 24, [])


def test_operators_that_are_not_square_are_not_solved():
    def full(self, shape, dtype, use_placeholder, definite):
        matrix = testing.random_normal(shape, dtype=dtype)
        return tf.linalg.LinearOperatorFullMatrix(matrix), matrix

    cls = derived(full, ((3, 2),), testing.NonSquareLinearOperatorDerivedClassTest)
    testing.add_tests(cls)
    result = outcome(cls)
    assert (result.testsRun, result.failures, result.errors) == (13, [], [])
    assert not any("solve" in name for name in dir(cls) if name.startswith("test_"))


@pytest.mark.parametrize(("kinds", "expected"), [
    (("identity", "scaled"), "LinearOperatorScaledIdentity"), (("identity", "diag"), "LinearOperatorDiag"),
    (("diag", "tril"), "LinearOperatorLowerTriangular"), (("tril", "full", "scaled"), "LinearOperatorFullMatrix")])
def test_a_sum_is_the_simplest_operator(kinds, expected):
    made = {"identity": tf.linalg.LinearOperatorIdentity(2), "scaled": tf.linalg.LinearOperatorScaledIdentity(2, 2.5),
            "diag": tf.linalg.LinearOperatorDiag([1.0, 2.0]), "full": tf.linalg.LinearOperatorFullMatrix([[1.0, 2],
                                                                                                          [3, 4]]),
            "tril": tf.linalg.LinearOperatorLowerTriangular([[1.0, 0], [2, 3]])}
    operators = [made[kind] for kind in kinds]
    total, = addition.add_operators(operators)
    assert type(total).__name__ == expected
    np.testing.assert_allclose(value(total.to_dense()), sum(value(one.to_dense()) for one in operators))


def test_tiers_that_add_no_further_leave_operators():
    diag, tril = tf.linalg.LinearOperatorDiag([1.0, 2.0]), tf.linalg.LinearOperatorLowerTriangular([[1.0, 0], [2, 3]])
    left = addition.add_operators([diag, tril, diag], addition_tiers=[[addition._AddAndReturnDiag()]])
    assert [type(one).__name__ for one in left] == ["LinearOperatorDiag", "LinearOperatorLowerTriangular"]


@pytest.mark.parametrize(("operators", "error", "words"), [
    ([], ValueError, "must contain at least one operator"), (3, TypeError, 'Expected argument "values" to be iterable'),
    ([1], TypeError, "must contain only LinearOperator instances")])
def test_what_cannot_be_added_is_refused(operators, error, words):
    with pytest.raises(error, match=words):
        addition.add_operators(operators)


def test_operators_of_a_new_class_get_rules_of_their_own():
    class Own(tf.linalg.LinearOperatorFullMatrix):
        pass

    own = Own([[1.0]])
    assert type(own.adjoint()).__name__ == "LinearOperatorAdjoint"
    algebra.RegisterAdjoint(Own)(lambda a: "its adjoint")
    algebra.RegisterMatmul(Own, Own)(lambda a, b: "their product")
    assert own.adjoint() == "its adjoint"
    assert own.matmul(own) == "their product"
    with pytest.raises(ValueError, match=r"Adjoint\(Own\) has already been registered to: "):
        algebra.RegisterAdjoint(Own)(lambda a: None)
    with pytest.raises(ValueError, match=r"Matmul\(Own, Own\) has already been registered\."):
        algebra.RegisterMatmul(Own, Own)(lambda a, b: None)
    with pytest.raises(TypeError, match="solve_fn must be callable, received: x"):
        algebra.RegisterSolve(Own, Own)("x")
    del algebra._ADJOINTS[Own,], algebra._MATMUL[Own, Own]


def test_what_is_registered_is_found():
    assert algebra._registered_adjoint(str) is None
    for table, find in ((algebra._ADJOINTS, algebra._registered_adjoint), (algebra._MATMUL, algebra._registered_matmul),
                        (algebra._SOLVE, algebra._registered_solve)):
        assert all(find(*classes) is function for classes, function in table.items())
    with pytest.raises(ValueError, match="No cholesky decomposition registered for <class 'int'>"):
        algebra.cholesky(1)


@pytest.mark.parametrize("make", [
    lambda v: tf.linalg.LinearOperatorFullMatrix(v), lambda v: tf.linalg.LinearOperatorLowerTriangular(v),
    lambda v: tf.linalg.LinearOperatorDiag(v), lambda v: tf.linalg.LinearOperatorHouseholder(v)])
@pytest.mark.parametrize("use_resource", [False, True])
def test_an_operator_follows_its_variable(make, use_resource):
    variable = tf.Variable([[1.0, 0.0], [2.0, 3.0]], use_resource=use_resource)
    operator = make(variable)
    assert operator.variables == (variable,)
    assert operator.graph_parents == [variable]
    dense = operator.to_dense()
    with tf.Session() as session:
        session.run(variable.initializer)
        before = session.run(dense)
        session.run(variable.assign([[2.0, 0.0], [4.0, 7.0]]))
        assert not np.array_equal(session.run(dense), before)


def test_sizes_are_no_variables():
    with pytest.raises(TypeError, match="Argument num_rows cannot be reference type. Found: <class"):
        tf.linalg.LinearOperatorIdentity(tf.Variable(2))


def test_checks_of_parameters():
    with pytest.raises(ValueError, match="^words$"):
        checks.use_operator_or_provided_hint_unless_contradicting(tf.linalg.LinearOperatorIdentity(2),
                                                                  "is_non_singular", False, "words")
    with pytest.raises(TypeError, match='Mutable type must be of dtype "int32" but is "float32"'):
        checks.convert_nonref_to_tensor(tf.Variable(1.0), dtype=tf.int32)
    with pytest.raises(ValueError, match=r"Expected \[batch\] matrix to have at least two dimensions"):
        checks.broadcast_matrix_batch_dims([np.ones(3), np.ones((2, 2))])
    assert [checks.is_ref(x) for x in (1, tf.constant(1), tf.Variable(1), None)] == [False, False, True, False]


def test_random_matrices_are_what_they_are_called():
    definite = testing.random_positive_definite_matrix([2, 3, 3], tf.complex64, force_well_conditioned=True)
    triangle = testing.random_tril_matrix([3, 3], tf.float32, force_well_conditioned=True)
    matrix, lower = value([definite, triangle])
    np.testing.assert_allclose(matrix, np.conj(np.swapaxes(matrix, -1, -2)), rtol=1e-5)
    assert (np.linalg.eigvalsh(matrix) > 0).all()
    assert not np.triu(lower, 1).any()
    assert (np.abs(np.diag(lower)) >= 1).all()
    flat = value(testing.random_normal_correlated_columns([4, 4], dtype=tf.float64, eps=1e-9))
    assert np.linalg.svd(flat)[1][-1] < 1e-6
