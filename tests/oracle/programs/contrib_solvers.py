"""tf.contrib.solvers: linear equations, least squares and Lanczos' bidiagonalisation."""

from __future__ import division

import numpy as np

from . import Case, program

POSITIVE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]], np.float32)
TALL = np.array([[1.0, 2.0], [3.0, -4.0], [5.0, 0.5]], np.float32)


@program
def contrib_conjugate_gradient(tf):
    s = tf.contrib.solvers
    a = tf.constant(POSITIVE, name="a")
    rhs = tf.constant([1.0, 2.0, 3.0], name="rhs")
    found = s.linear_equations.conjugate_gradient(s.util.create_operator(a), rhs)
    x, r, p, gamma = found.x, found.r, found.p, found.gamma
    shorter = s.linear_equations.conjugate_gradient(s.util.create_operator(a), rhs, tol=1e-6, max_iter=2, name="short")
    return Case(steps=[([found.i, x, r, p, gamma, shorter.x, shorter.i], None)], facts={"fields": list(found._fields)})


@program
def contrib_conjugate_gradient_preconditioned(tf):
    s = tf.contrib.solvers
    a = tf.placeholder(tf.float64, [3, 3], name="a")
    rhs = tf.placeholder(tf.float64, [3], name="rhs")
    operator = s.util.create_operator(a)
    found = s.linear_equations.conjugate_gradient(operator, rhs, preconditioner=s.util.identity_operator(a),
                                                  x=tf.constant([0.1, 0.2, 0.3], tf.float64), tol=1e-12)
    facts = {"operator": [str(operator.shape), operator.dtype.name, list(operator._fields)]}
    return Case(steps=[([found.i, found.x, found.gamma], {a: POSITIVE, rhs: [1.0, -1.0, 0.5]})], facts=facts)


@program
def contrib_least_squares(tf):
    s = tf.contrib.solvers
    a = tf.constant(TALL, name="a")
    found = s.least_squares.cgls(s.util.create_operator(a), tf.constant([1.0, 2.0, 3.0]), tol=1e-6)
    return Case(steps=[([found.i, found.x, found.r, found.p, found.gamma], None)],
                facts={"fields": list(found._fields)})


@program
def contrib_lanczos(tf):
    s = tf.contrib.solvers
    a = tf.constant(TALL, name="a")
    start = tf.constant([1.0, 0.5, 0.25])
    for orthogonalize in (True, False):
        found = s.lanczos.lanczos_bidiag(s.util.create_operator(a), 2, orthogonalize=orthogonalize,
                                         starting_vector=start)
        out = [found.u, found.v, found.alpha, found.beta]
    product = s.lanczos.bidiag_matmul(found.u, found.alpha, found.beta)
    adjoint = s.lanczos.bidiag_matmul(tf.ones([3, 2]), found.alpha, found.beta, adjoint_b=True)
    return Case(steps=[(out + [product, adjoint], None)], facts={"fields": list(found._fields)})


@program
def contrib_solvers_util(tf):
    util = tf.contrib.solvers.util
    v = tf.constant([3.0, 4.0])
    a = tf.constant(TALL)
    operator, same = util.create_operator(a), util.identity_operator(tf.constant(POSITIVE))
    normal, norm = util.l2normalize(v)
    out = [util.dot(v, v), util.l2norm(v), util.l2norm_squared(v), normal, norm, operator.apply(v[:, None]),
           operator.apply_adjoint([[1.0], [2.0], [3.0]]), same.apply(v), same.apply_adjoint(v)]
    return Case(steps=[(out, None)], facts={"shape": str(operator.shape), "same": str(same.shape)})
