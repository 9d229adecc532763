"""What plans know of shapes and dtypes is what torch computes, and no compiler is imported to know it."""

from __future__ import annotations

import itertools
import operator
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tfmagic.session.lower import meta

DTYPES = (torch.float32, torch.float16, torch.int32, torch.uint8, torch.bool, torch.complex64)
SHAPES = ((), (3,), (2, 3), (2, 1), (0, 3))


def said(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a rule says of a call; arguments that are tensors become meta tensors."""
    return meta._said_here("call_function", function, as_meta(args), as_meta(kwargs))


def as_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    if isinstance(value, dict):
        return {key: as_meta(item) for key, item in value.items()}
    return type(value)(map(as_meta, value)) if isinstance(value, (list, tuple)) else value


def signature(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), value.dtype
    return [signature(item) for item in value] if isinstance(value, (list, tuple)) else value


def rules_of(rule: Callable[..., Any]) -> list[Any]:
    found = [function for function, partial in meta._function_rules().items() if getattr(partial, "func", None) is rule]
    return sorted(found, key=str)


@pytest.mark.parametrize("function", rules_of(meta._element_wise), ids=lambda f: getattr(f, "__name__", str(f)))
def test_element_wise_functions_promote_and_broadcast_as_torch_does(function: Callable[..., Any]) -> None:
    settled = 0
    tensors = [torch.ones(shape, dtype=dtype) for shape, dtype in itertools.product(SHAPES, DTYPES)]
    calls = [(a,) for a in tensors] + [(a, b) for a in tensors for b in tensors[::3]] + [(a, 2) for a in tensors] + \
        [(a > 0, a, a * 2) for a in tensors if not a.is_complex()] + [(a, a, 0.5, False) for a in tensors]
    for args in calls:
        try:
            actual = function(*args)
        except Exception:
            continue  # torch refuses it: nothing to say
        try:
            rule = said(function, *args)
        except Exception:
            continue
        if rule is not None:
            settled += 1
            assert signature(rule) == signature(actual), args
    assert settled > 3


@pytest.mark.parametrize("name", ["__and__", "__or__", "__xor__", "__rand__", "__lshift__", "__rshift__"])
def test_operators_of_tensors_promote_and_broadcast_as_torch_does(name: str) -> None:
    for a, b in ((torch.ones([3], dtype=torch.bool), torch.ones([2, 1], dtype=torch.int32)),
                 (torch.ones([], dtype=torch.uint8), torch.ones([2], dtype=torch.int64)),
                 (torch.ones([2], dtype=torch.int32), 1)):
        rule = meta._said_here("call_method", name, as_meta((a, b)), {})
        assert signature(rule) == signature(getattr(torch.Tensor, name)(a, b))


@pytest.mark.parametrize("function", rules_of(meta._reduction), ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_reductions_give_what_torch_gives(function: Callable[..., Any], dtype: torch.dtype) -> None:
    for shape in ((), (3,), (2, 3), (2, 3, 4)):
        x = torch.ones(shape, dtype=dtype)
        for dim in (None, 0, -1, [0], [0, -1], list(range(len(shape)))):
            for keep in (False, True):
                args = (x,) if dim is None else (x, dim, keep)
                try:
                    actual = function(*args)
                    rule = said(function, *args)
                except Exception:
                    continue
                assert rule is None or signature(rule) == signature(actual), args


X = torch.ones([2, 4, 9, 7])
CALLS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (torch.matmul, (torch.ones([5, 1, 2, 3]), torch.ones([4, 3, 6]))),
    (operator.matmul, (torch.ones([2, 3]), torch.ones([3, 6]))),
    (torch.addmm, (torch.ones([6]), torch.ones([2, 3]), torch.ones([3, 6]))),
    (torch.addmm, (torch.ones([2, 6]), torch.ones([2, 3]), torch.ones([3, 6]))),
    (torch.cat, ([torch.ones([2, 3]), torch.ones([2, 1])], -1)),
    (torch.stack, ([torch.ones([2, 3]), torch.ones([2, 3])], -1)),
    (torch.gather, (torch.ones([4, 5]), 1, torch.zeros([4, 2], dtype=torch.int64))),
    (torch.sort, (torch.ones([4, 5], dtype=torch.int32),)),
    (torch.softmax, (torch.ones([4, 5]), -1)),
    (torch.tril, (torch.ones([4, 5]),)),
    *((torch.index_select, (X, axis, torch.tensor([1, 1, 0]))) for axis in (0, -1)),
    *((torch.tile, (torch.ones([2, 3]), counts)) for counts in ((2,), (2, 1), (3, 1, 2))),
    (torch.zeros, ((2, 3),)),
    (torch.ones, (2, 3)),
    *((torch.arange, bounds) for bounds in ((5,), (1, 8, 3), (5, 0, -2))),
    *((torch.argmax, (X, *rest)) for rest in ((1,), (-1, True))),
    *((torch.nn.functional.pad, (X, amounts)) for amounts in ((1, 2), (0, 0, 3, -1), (1,) * 8)),
    *((function, (torch.ones([2, 3], dtype=dtype), 1)) for function in (torch.cumsum, torch.cumprod)
      for dtype in (torch.float32, torch.int32, torch.bool)),
    *((torch.eye, size) for size in ((3,), (2, 4))),
    *((function, (torch.ones([3]), offset)) for function in (torch.diag, torch.diag_embed) for offset in (0, 1, -2)),
    (torch.hann_window, (8,)),
    (torch.roll, (X, 1, -2)),
    *((operator.getitem, (X, index)) for index in (
        *(torch.zeros(shape, dtype=torch.int64) for shape in ((3,), (2, 5), (0,))), [1, 0, 1], (slice(None), [0, 3]),
        (None, slice(2), torch.zeros([3, 1], dtype=torch.int64), [0, 1], slice(0)),
        (torch.zeros([2, 1], dtype=torch.int32), torch.zeros([3], dtype=torch.int32)))),
    (torch.isin, (torch.ones([2, 3]), torch.ones([4]))),
    *((torch.linalg.vector_norm, (X, 2, dim, keep)) for dim in (-1, [0, 1]) for keep in (False, True)),
    *((torch.reshape, (X.transpose(0, 3), shape)) for shape in ((-1,), (8, -1, 7), (7, 72, 1))),
    *((torch.ops.aten.native_batch_norm_backward, (
        X, X, scale, torch.ones([4]), torch.ones([4]), torch.ones([4]), torch.ones([4]), True, 1e-3, wanted))
      for scale, wanted in ((torch.ones([4]), [True] * 3), (None, [True, False, False]))),
    (torch.nn.functional.fold, (torch.ones([2, 24, 12]), [6, 7], [3, 2], [2, 1], 0, [1, 1])),
    (torch.nn.functional.fold, (torch.ones([2, 24, 9]), [5, 7], [3, 2], [1, 1], 0, [1, 2])),
    (torch.conv2d, (X, torch.ones([6, 2, 3, 2]), None, [2, 1], [1, 0], [1, 2], 2)),
    (torch.conv3d, (torch.ones([1, 2, 5, 6, 7]), torch.ones([3, 2, 1, 2, 3]), None, [1, 2, 1], [0] * 3, [1] * 3, 1)),
    *((torch.nn.functional.avg_pool2d, (X, [3, 2], [2, 2], pad, up, False)) for up in (False, True)
      for pad in (0, [1, 0])),
    *((torch.ops.aten.native_batch_norm, (X, torch.ones([4]), torch.ones([4]), torch.ones([4]), torch.ones([4]), train,
                                          0.1, 1e-3)) for train in (False, True)),
    (torch.ops.aten.convolution_backward, (torch.ones([2, 6, 7, 6]), X, torch.ones([6, 4, 3, 2]), None, [1, 1], [0, 0],
                                           [1, 1], False, [0, 0], 1, [True, False, False])),
]


@pytest.mark.parametrize("function, args", CALLS, ids=[getattr(f, "__name__", str(f)) for f, _ in CALLS])
def test_rules_say_what_torch_computes(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert signature(list(said(function, *args))) == signature(list(function(*args)))


def matrices(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    """Such as every solver and factorisation takes."""
    return torch.eye(*shape[-2:], dtype=dtype).expand(shape).contiguous()


LINALG = torch.linalg
OF_SQUARE = (LINALG.inv, LINALG.cholesky, LINALG.matrix_exp, LINALG.slogdet, LINALG.eigh, LINALG.eigvalsh, LINALG.eig,
             torch.diag_embed)
OF_ANY: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = (
    (LINALG.svdvals, {}), (LINALG.lu_factor, {}), (LINALG.qr, {}), (LINALG.qr, {"mode": "complete"}),
    *((LINALG.svd, {"full_matrices": full}) for full in (False, True)))


@pytest.mark.parametrize("dtype", meta.FULL, ids=str)
def test_what_is_said_of_matrices_is_what_torch_computes(dtype: torch.dtype) -> None:
    calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
    for batch in ((), (5,), (2, 1), (0,)):
        square = matrices(*batch, 3, 3, dtype=dtype)
        calls += [(function, (square,), {}) for function in OF_SQUARE]
        for size in ((2, 4), (4, 2), (3, 3)):
            calls += [(function, (matrices(*batch, *size, dtype=dtype),), options) for function, options in OF_ANY]
        for rhs in (torch.ones(3, 2, dtype=dtype), torch.ones(2, 1, 3, 4, dtype=dtype), square):
            calls += [(LINALG.solve, (square, rhs), {}), (torch.cholesky_solve, (rhs, square), {}),
                      *((LINALG.solve_triangular, (square, rhs), {"upper": upper}) for upper in (False, True))]
        calls.append((LINALG.cross, (square, square), {"dim": -1}))
    settled = 0
    for function, args, kwargs in calls:
        actual, rule = function(*args, **kwargs), said(function, *args, **kwargs)
        settled += rule is not None
        assert rule is None or signature(rule) == signature(actual), (function, args, kwargs)
    assert settled > 0.9 * len(calls)


@pytest.mark.parametrize("function, shapes, options", [
    (LINALG.inv, [(2, 3)], {}), (LINALG.inv, [(3,)], {}), (LINALG.eigh, [(2, 3)], {}),
    (LINALG.solve, [(3, 3), (2, 2)], {}), (LINALG.cross, [(2, 2), (2, 2)], {"dim": -1})], ids=str)
def test_what_torch_refuses_is_settled_by_no_rule(function: Callable[..., Any], shapes: Any, options: Any) -> None:
    assert said(function, *map(torch.ones, shapes), **options) is None


@pytest.mark.parametrize("equation, shapes", [
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("bij, bjk -> bki", [(5, 2, 3), (1, 3, 4)]), ("ii->i", [(3, 3)]),
    ("i,j,k->", [(2,), (3,), (4,)]), ("ab->ba", [(2, 3)]), ("...ij,jk->...ik", [(5, 1, 2, 3), (3, 4)]),
    ("i...,...->...i", [(2, 1, 3), (4, 3)])])
def test_einsum_keeps_the_axes_that_its_equation_names(equation: str, shapes: Any) -> None:
    operands = list(map(torch.ones, shapes))
    assert signature(said(torch.einsum, equation, *operands)) == signature(torch.einsum(equation, *operands))


def test_what_only_values_tell_is_unknown() -> None:
    assert said(torch.nonzero, torch.ones([3])) is meta.UNKNOWN
    assert said(operator.getitem, torch.ones([3]), torch.tensor([True, False, True])) is meta.UNKNOWN


PROGRAM = """
import sys
import numpy as np
from tfmagic import tf

images, labels = tf.placeholder(tf.float32, [None, 12, 12, 1]), tf.placeholder(tf.int64, [None])
hidden = tf.layers.max_pooling2d(tf.layers.conv2d(images, 4, 3, activation=tf.nn.relu), 2, 2)
hidden = tf.layers.conv2d(tf.layers.conv2d(hidden, 64, 1), 128, 3)  # as products
hidden = tf.layers.batch_normalization(hidden, training=True)  # in one op
hidden = tf.layers.batch_normalization(tf.layers.dropout(tf.layers.flatten(hidden), training=True), training=True)
logits = tf.layers.dense(hidden, 10)
loss = tf.losses.sparse_softmax_cross_entropy(labels, logits) + tf.reduce_mean(tf.nn.top_k(logits, 3).values)
ids = tf.argmax(logits, 1, output_type=tf.int32)
rows = tf.nn.embedding_lookup(tf.get_variable("table", [10, 4]), ids)
rows = tf.pad(tf.tile(rows, [2, 1]), [[1, 0], [0, 0]]) + tf.cumsum(tf.zeros([4])) + tf.reduce_prod(tf.ones([4]))
with tf.control_dependencies([tf.assert_less(tf.range(tf.size(ids)), 99)]):
    loss += tf.reduce_mean(tf.reshape(tf.transpose(rows), [-1]))
train = tf.train.AdamOptimizer().minimize(loss)
powers = tf.while_loop(lambda i, a: i < 10, lambda i, a: (i + 1, tf.matmul(a, a)), [0, tf.eye(3)])
chosen = tf.cond(loss > 0, lambda: tf.concat([logits, logits], 1), lambda: tf.transpose(logits))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run([train, powers, chosen], {images: np.zeros([4, 12, 12, 1]), labels: [1, 2, 3, 4]})
print(*sorted({"sympy", "torch._dynamo", "torch._inductor"} & set(sys.modules)))
"""


def test_a_first_run_imports_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
