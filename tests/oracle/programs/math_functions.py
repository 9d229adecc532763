"""Functions of numbers that are built from several nodes, in their usual forms."""

from __future__ import division

import numpy as np

from . import Case, program

SYMMETRIC = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]]


@program
def divisions(tf):
    a, b = tf.constant([7, -7, 5]), tf.constant([2, 2, -3])
    x, y = tf.constant([7.5, -7.5, 0.0]), tf.constant([2.0, -2.0, 0.0])
    out = [a / b, a // b, a % b, tf.truediv(a, b), tf.floordiv(a, b), tf.mod(a, b), tf.div(a, b), tf.truncatediv(a, b),
           tf.truncatemod(a, b), tf.divide(a, b), tf.floor_div(a, b), tf.cast(a, tf.int8) / tf.cast(b, tf.int8),
           tf.cast(a, tf.int64) / tf.cast(b, tf.int64), tf.math.divide(x, y), x // 2.0, tf.div_no_nan(x, y),
           tf.math.multiply_no_nan(x, y), tf.math.reciprocal_no_nan(x), tf.math.xdivy(x, x), tf.math.floormod(x, 2.0),
           7 / b, 7.0 // x[:1]]
    return Case(steps=[(out, None)], show=out)


@program
def scalars_and_powers(tf):
    x = tf.constant([1.5, 2.0, 3.0])
    i = tf.constant([2, 3])
    p = tf.placeholder(tf.float32, [None], name="p")
    out = [tf.scalar_mul(2.0, x), tf.scalar_mul(tf.constant(0.5), p), tf.pow(x, 2), tf.pow(2, i), i ** 2, 2.0 ** x,
           x ** 0.5, tf.pow(p, p), tf.square(p), tf.sqrt(x) * p, tf.scalar_mul(3, i, name="tripled")]
    return Case(steps=[(out, {p: [1.0, 2.0, 3.0]})], show=out)


@program
def polynomials(tf):
    x = tf.constant([1.0, 2.0])
    p = tf.placeholder(tf.float32, [], name="p")
    out = [tf.math.polyval([1.0, 2.0, 3.0], x), tf.math.polyval([tf.constant(2.0), p], x, name="line"),
           tf.math.polyval([], x), tf.accumulate_n([x, x, x]), tf.add_n([x]),
           tf.add_n([x, x * 2.0], name="sum")]
    return Case(steps=[(out, {p: 4.0})], show=out)


@program
def reductions_of_spread(tf):
    x = tf.constant([[1.0, 2.0, 4.0], [3.0, 5.0, 8.0]])
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    out = [tf.math.reduce_variance(x), tf.math.reduce_std(x, 0), tf.math.reduce_std(p, axis=[1], keepdims=True),
           tf.math.reduce_euclidean_norm(x, 1), tf.reduce_logsumexp(p), tf.reduce_logsumexp(x, [1], keepdims=True),
           tf.reduce_logsumexp(x, -1, name="lse"), tf.reduce_mean(p, 0), tf.reduce_all(p > 0.0, 1),
           tf.reduce_any(x > 7.0), tf.math.zero_fraction(p), tf.nn.zero_fraction([0, 1, 0])]
    return Case(steps=[(out, {p: [[1, 2], [3, 5]]})], show=out)


@program
def sequences_that_grow(tf):
    out = [tf.is_non_decreasing([1, 1, 2]), tf.is_strictly_increasing([1, 1, 2]), tf.is_non_decreasing([]),
           tf.math.cumulative_logsumexp([1.0, 2.0, 3.0]), tf.math.cumulative_logsumexp([[1.0, 2.0]], axis=1,
                                                                                       exclusive=True, reverse=True),
           tf.cumsum([1, 2, 3], reverse=True), tf.cumprod([[1, 2], [3, 4]], axis=1)]
    return Case(steps=[(out, None)], show=out)


@program
def special_functions(tf):
    x, y = tf.constant([0.5, 1.5]), tf.constant([2.0, 3.0])
    out = [tf.lbeta([[1.0, 2.0], [3.0, 4.0]]), tf.lbeta([0.5, 1.0, 2.0]), tf.igamma(x, y), tf.igammac(x, y),
           tf.betainc(x, y, [0.3, 0.6]), tf.zeta(y, x), tf.polygamma(y, x),
           tf.math.bessel_i0(x), tf.math.bessel_i1(x), tf.math.bessel_i0e(x), tf.math.bessel_i1e(x),
           tf.math.xlogy(x, y), tf.math.nextafter(tf.cast(x, tf.float64), 2.0), tf.digamma(x), tf.lgamma(x)]
    return Case(steps=[(out, None)])


@program
def complex_numbers(tf):
    z = tf.complex([3.0, 0.0], [4.0, -1.0])
    out = [tf.real(z), tf.imag(z), tf.abs(z), tf.conj(z), tf.angle(z), z * z, z / (1 + 1j), tf.sign(z),
           tf.cast(z, tf.complex128), tf.real([1.0]), tf.conj([1.0]), tf.imag(tf.constant(2j)), tf.exp(z),
           tf.to_complex64([1.0])]
    return Case(steps=[(out, None)], show=out)


@program
def matrix_products(tf):
    a = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = tf.constant(np.arange(6, dtype=np.float32).reshape(3, 2))
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    batch = tf.placeholder(tf.float32, [None, 2, 3], name="batch")
    out = [tf.matmul(p, b), tf.matmul(batch, batch, transpose_b=True), tf.linalg.matvec(a, [1.0, 2.0, 3.0]),
           tf.linalg.matvec(a, [1.0, 2.0], transpose_a=True), tf.matmul(a, b, a_is_sparse=True), tf.sparse_matmul(a, b),
           tf.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), tf.matmul([[1, 2]], [[3], [4]]),
           tf.linalg.matmul(batch, tf.ones([1, 3, 1]) + batch[:1, :1, :, None][0])]
    return Case(steps=[(out, {p: [[1, 2, 3]], batch: np.ones((1, 2, 3))})], show=out)


@program
def tensordots(tf):
    a = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    c = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    q = tf.placeholder(tf.float32, [None, None, 3], name="q")
    u = tf.placeholder(tf.float32, name="u")
    out = [tf.tensordot(a, c, 2), tf.tensordot(c, a, [[1, 0], [1, 0]]), tf.tensordot(a, a, [[0], [0]]),
           tf.tensordot(p, c, [[1], [1]]), tf.tensordot(q, a, [[2], [1]]), tf.tensordot(u, a, [[1], [1]]),
           tf.tensordot(a, a, 0), tf.tensordot(c, tf.ones([4, 5]), 1, name="last")]
    return Case(steps=[(out, {p: np.ones((1, 3)), q: np.ones((1, 2, 3)), u: np.ones((2, 3))})], show=out)


@program
def gradient_of_tensordot(tf):
    a = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    w = tf.Variable(np.ones((3, 2), np.float32), name="w")
    q = tf.placeholder(tf.float32, [None, None, 3], name="q")
    found = [tf.gradients(tf.tensordot(a, w, [[2], [0]]), [a, w]), tf.gradients(tf.tensordot(q, w, 1), [q, w])]
    return Case(init=True, steps=[(found, {q: np.ones((1, 2, 3))})])


@program
def einsums(tf):
    a = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 4))
    c = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    out = [tf.einsum("ij,jk->ik", a, b), tf.einsum("ij->ji", a), tf.einsum("i,j->ij", a[0], b[0]),
           tf.einsum("ij,ij->", a, a), tf.einsum("bij,bjk->bik", c, tf.transpose(c, [0, 2, 1])),
           tf.einsum("ijk->i", c), tf.einsum("ij,ijk->k", a, c), tf.einsum("ij,jk,kl->il", a, b, tf.ones([4, 2])),
           tf.einsum("bi,bi->b", a, a, name="rows")]
    return Case(steps=[(out, None)], show=out)


@program
def einsums_of_unknown_shape(tf):
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    q = tf.placeholder(tf.float32, [None, None, 3], name="q")
    w = tf.Variable(np.ones((3, 2), np.float32), name="w")
    y, z = tf.einsum("bi,io->bo", p, w), tf.einsum("bti,io->bto", q, w)
    return Case(init=True, steps=[([y, z, tf.gradients(y, [p, w]), tf.gradients(z, [q, w])],
                                   {p: np.ones((2, 3)), q: np.ones((1, 2, 3))})])


@program
def norms(tf):
    x = tf.constant([[3.0, -4.0], [1.0, 2.0]])
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    out = [tf.norm(x), tf.norm(x, ord=1), tf.norm(x, ord=np.inf, axis=1), tf.norm(p, axis=0),
           tf.norm(p, 3, axis=1, keepdims=True), tf.norm(x, "fro", axis=[0, 1]), tf.norm(x, 1, axis=[0, 1]),
           tf.linalg.normalize(x)[0], tf.linalg.normalize(p, axis=1)[0], tf.nn.l2_normalize(p, 1),
           tf.nn.l2_normalize(x, [0, 1], 1e-6, "unit"), tf.norm(tf.complex(x, x))]
    return Case(steps=[(out, {p: [[1, 2], [3, 5]]})], show=out)


@program
def decompositions(tf):
    x = tf.constant(SYMMETRIC)
    lower = tf.cholesky(x)
    rhs = tf.constant([[1.0], [2.0], [3.0]])
    sign, log = tf.linalg.slogdet(x)
    lu, p = tf.linalg.lu(x)
    out = [lower, tf.cholesky_solve(lower, rhs), tf.matrix_triangular_solve(lower, rhs), tf.matrix_solve(x, rhs),
           tf.matrix_inverse(x, adjoint=True), tf.matrix_determinant(x), tf.linalg.logdet(x),
           sign, log, lu, p, tf.self_adjoint_eigvals(x), tf.svd(x, compute_uv=False), tf.linalg.matrix_rank(x),
           tf.matrix_solve_ls(x[:, :2], rhs), tf.matrix_solve_ls(x[:, :2], rhs, 0.1, fast=True),
           tf.linalg.expm(x * 0.1), tf.matrix_square_root(x), tf.abs(tf.qr(x)[1]), tf.linalg.pinv(x[:, :2]),
           tf.real(tf.linalg.logm(tf.cast(x, tf.complex64)))]
    return Case(steps=[(out, None)], show=out)


@program
def gradient_of_decompositions(tf):
    x = tf.constant(SYMMETRIC, name="x")
    rhs = tf.constant([[1.0], [2.0], [3.0]], name="rhs")
    out = [tf.matrix_determinant(x), tf.linalg.logdet(x), tf.matrix_inverse(x), tf.cholesky(x),
           tf.matrix_solve(x, rhs), tf.matrix_triangular_solve(x, rhs, lower=True), tf.self_adjoint_eigvals(x),
           tf.matrix_solve_ls(x, rhs), tf.trace(x), tf.matrix_band_part(x, 1, 0),
           tf.matrix_set_diag(x, [1.0, 2.0, 3.0]), tf.diag_part(x), tf.linalg.slogdet(x)[1]]
    return Case(steps=[([tf.gradients(y, x)[0] for y in out] + tf.gradients(out[4], rhs), None)])


@program
def gradient_of_singular_values(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.5], [0.5, -1.0]], name="x")
    s, u, v = tf.svd(x)
    q, r = tf.qr(x)
    e, w = tf.self_adjoint_eig(tf.matmul(x, x, transpose_a=True))
    out = [tf.reduce_sum(s), tf.reduce_sum(tf.abs(tf.matmul(u, v, transpose_b=True))), tf.reduce_sum(tf.matmul(q, r)),
           tf.reduce_sum(e)]
    return Case(steps=[([s, [tf.gradients(y, x)[0] for y in out]], None)], show=[s, u, v, q, r, e, w])


@program
def fourier_transforms(tf):
    x = tf.constant([1.0, 2.0, 0.0, -1.0], name="x")
    m = tf.constant(np.arange(8, dtype=np.float32).reshape(2, 4))
    p = tf.placeholder(tf.float32, [None, None], name="p")
    out = [tf.signal.rfft(x), tf.signal.irfft(tf.signal.rfft(x)), tf.signal.rfft(x, [6]), tf.signal.rfft2d(m),
           tf.signal.irfft2d(tf.signal.rfft2d(m), [2, 4]), tf.fft(tf.cast(x, tf.complex64)),
           tf.ifft(tf.cast(x, tf.complex64)), tf.fft2d(tf.cast(m, tf.complex64)), tf.signal.rfft(p, [4])]
    found = tf.gradients(tf.abs(tf.signal.rfft(x)), x) + tf.gradients(tf.real(tf.fft(tf.complex(x, x))), x)
    return Case(steps=[(out, {p: np.ones((1, 3))}), (found, None)], show=out)


@program
def bits(tf):
    a, b = tf.constant([6, 5]), tf.constant([3, 1])
    out = [tf.bitwise.bitwise_and(a, b), tf.bitwise.bitwise_or(a, b), tf.bitwise.bitwise_xor(a, b),
           tf.bitwise.invert(a), tf.bitwise.left_shift(a, b), tf.bitwise.right_shift(a, b),
           tf.logical_xor([True], [False])]
    return Case(steps=[(out, None)], show=out)


@program
def gradient_of_special_functions(tf):
    x, y = tf.constant([0.5, 1.5], name="x"), tf.constant([2.0, 3.0], name="y")
    out = [tf.igamma(x, y), tf.igammac(x, y), tf.betainc(x, y, [0.3, 0.6]), tf.zeta(y, x), tf.lbeta(x), tf.lgamma(x),
           tf.digamma(x), tf.erfc(x), tf.atan2(x, y), tf.math.bessel_i0(x), tf.math.bessel_i1(x),
           tf.acosh(y), tf.asinh(x), tf.atanh(x * 0.5), tf.math.xdivy(x, y), tf.math.polyval([2.0, x, 1.0], y),
           tf.sign(x) * x, tf.floor(x) + x, tf.math.reciprocal_no_nan(x), tf.log_sigmoid(x)]
    return Case(steps=[([[g for g in tf.gradients(z, [x, y]) if g is not None] for z in out], None)])


@program
def gradient_of_products_with_unknown_shapes(tf):
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    b = tf.placeholder(tf.float32, [None, 2, 3], name="b")
    w = tf.Variable(np.ones((3, 2), np.float32), name="w")
    out = [tf.matmul(p, w), tf.matmul(b, b, transpose_b=True), tf.matmul(b, tf.ones([1, 3, 2]) * b[:1, :1, :1]),
           tf.linalg.matvec(w, [1.0, 2.0]), tf.matmul(p, p, transpose_a=True)]
    return Case(init=True, steps=[([[g for g in tf.gradients(z, [p, b, w]) if g is not None] for z in out],
                                   {p: np.ones((2, 3)), b: np.ones((1, 2, 3))})])


@program
def matrix_exponentials(tf):
    small, large = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[1.0, 7.0], [9.0, 4.0]])
    p = tf.placeholder(tf.float32, [None, None, 2, 2], name="p")
    out = [tf.linalg.expm(small.astype(np.float32)), tf.linalg.expm(np.stack([small, large]), name="both"),
           tf.linalg.expm(p), tf.linalg.expm(small.astype(np.complex64))]
    return Case(steps=[(out, {p: np.array([[small, small * 3]])}),
                       (tf.gradients(out[2], p), {p: np.array([[small]])})], show=out)
