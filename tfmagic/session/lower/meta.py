"""What shape and dtype a call of torch gives: its result for meta tensors, which have no memory.

torch can tell for every function. For element-wise ones, and some others, it does so in Python and imports its compiler
the first time, which takes as long as `import torch`; what these give is said here.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.ops.nn import windows
from tfmagic.session.plan.run_time import UNKNOWN, PlanCall

# Functions that make a tensor from nothing: they get the device of the op that calls them.
CREATORS = frozenset({torch.zeros, torch.ones, torch.full, torch.empty, torch.arange, torch.linspace, torch.eye,
                      torch.tensor, torch.rand, torch.randn, torch.scalar_tensor, torch.as_tensor})


def words(text: str) -> list[str]:
    return text.split()


ELEMENT_WISE = words("""
    abs acos acosh add and_ angle asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor ceil clamp clamp_max clamp_min complex conj_physical cos cosh digamma div elu eq
    erf erfc exp expm1 floor fmax fmin fmod gammainc gammaincc ge gt i0e i1e invert isfinite isinf isnan le
    leaky_relu lgamma log log1p logical_and logical_not logical_or logical_xor lshift lt maximum minimum mod mul ne
    neg nextafter or_ pow reciprocal relu remainder round rshift rsqrt selu sgn sigmoid sign sin sinh softplus
    softsign sqrt square sub tan tanh truediv trunc where xor zeta
""")
# What gives a tensor like its first argument.
_SAME = words("""
    clone contiguous diagonal_scatter empty_like flip full_like index_add index_copy index_fill index_put log_softmax
    nan_to_num ones_like roll scatter scatter_ scatter_add scatter_reduce slice_scatter softmax tril triu zeros_like
""")
REDUCTIONS = words("all amax amin any mean prod sum")
# What LAPACK computes in.
FULL = (torch.float32, torch.float64, torch.complex64, torch.complex128)


_STRING = np.array(b"", object)


def known(value: Any) -> Any:
    """What is known of a value while a plan is made: itself; of a proxy a meta tensor, or None.

    Strings whose shape is known are an array of that shape, in which nothing stands.
    """
    if not isinstance(value, Proxy):
        return value
    dims = value.node.meta.get("strings")
    return value.node.meta.get("val") if dims is None else np.broadcast_to(_STRING, dims)


def value_of(node: fx.Node) -> Any:
    """What a node gives for the meta tensors of its arguments, or `UNKNOWN`."""
    target: Any = node.target
    if isinstance(target, PlanCall):
        return target.meta_outputs(list(map(known, node.meta["inputs"])))  # it knows its results' shapes itself
    unknown = False

    def meta(argument: fx.Node) -> Any:
        nonlocal unknown
        value = argument.meta.get("val", UNKNOWN)
        unknown = unknown or value is UNKNOWN
        return value

    args: Any
    args, kwargs = fx.map_arg((node.args, node.kwargs), meta)
    if unknown:
        return UNKNOWN
    if kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": "meta"}
    try:
        result = _said_here(node.op, target, args, kwargs)
        if result is None:
            result = _asked(node.op, target, args, kwargs)
    except Exception:  # torch cannot tell without the values: the run will
        return UNKNOWN
    return result if _is_meta(result) else UNKNOWN


def _asked(kind: str, target: Any, args: Any, kwargs: Any) -> Any:
    """What torch says of a call."""
    if kind == "call_method":
        if target in ("to", "cpu", "cuda"):
            args = [a for a in args if not isinstance(a, str)]
            return args[0].to(*args[1:]) if len(args) > 1 else args[0]
        return getattr(args[0], target)(*args[1:], **kwargs)
    if target in CREATORS:
        kwargs = {**kwargs, "device": "meta"}
    return getattr(target, "meta", target)(*args, **kwargs)


def _said_here(kind: str, target: Any, args: Any, kwargs: Any) -> Any:
    """What this module says of a call, or None."""
    rule = (_method_rules() if kind == "call_method" else _function_rules()).get(target)
    return None if rule is None else rule(*args, **kwargs)


def _of_values(*args: Any, **kwargs: Any) -> Any:
    """A rule of functions that give as much as the values say, and of those that give nothing."""
    return UNKNOWN


def _empty(shape: Any, dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


# --- rules: they give None for what they do not settle --------------------------------------------------------------


def _element_wise(function: Any, *args: Any, **kwargs: Any) -> torch.Tensor | None:
    """The result of an element-wise function: its dtype from a call with one element, its shape by broadcasting."""
    tensors = [a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)]
    if not tensors:
        return None
    kinds = tuple([_kind(a) for a in args]), tuple([(name, _kind(a)) for name, a in kwargs.items()])
    try:
        rank, dtype = _rank_and_dtype(function, *kinds)
    except TypeError:  # an argument that is no key
        rank, dtype = _rank_and_dtype.__wrapped__(function, *kinds)
    shape: Any = tensors[0].shape
    if any(other.shape != shape for other in tensors):
        shape = np.broadcast_shapes(*[tuple(t.shape) for t in tensors])
    return _empty(shape, dtype) if rank == len(shape) else None


def _kind(argument: Any) -> tuple[Any, Any]:
    """What promotion looks at: the rank and dtype of a tensor, the type of another value (and the value: 1 is True)."""
    if isinstance(argument, torch.Tensor):
        return argument.ndim, argument.dtype
    return type(argument), 0.5 if type(argument) is float else argument


@functools.lru_cache(maxsize=4096)
def _rank_and_dtype(function: Any, args: Any, kwargs: Any) -> tuple[int, Any]:
    """What a function gives for arguments of these kinds that have one element; no tensor: rank -1."""
    given, named = [_one_of(kind) for kind in args], {name: _one_of(kind) for name, kind in kwargs}
    result = function(*given, **named)
    return (result.ndim, result.dtype) if isinstance(result, torch.Tensor) else (-1, None)


def _one_of(kind: tuple[Any, Any]) -> Any:
    return _one(*kind) if isinstance(kind[0], int) else kind[1]


@functools.lru_cache(maxsize=256)
def _one(rank: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.ones((1,) * rank, dtype=dtype)


def _same(x: Any, *args: Any, dtype: Any = None, **kwargs: Any) -> torch.Tensor | None:
    return _empty(x.shape, dtype or x.dtype) if isinstance(x, torch.Tensor) else None


def _reduction(function: Any, x: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> torch.Tensor | None:
    if not isinstance(x, torch.Tensor) or set(kwargs) - {"dtype"}:
        return None
    axes = range(x.ndim) if dim is None or dim == () or dim == [] else [dim] if isinstance(dim, int) else dim
    gone = {axis % x.ndim for axis in axes if -x.ndim <= axis < x.ndim}
    if len(gone) != len(axes) or (0 in x.shape and function in (torch.amax, torch.amin)):
        return None
    shape = [1 if axis in gone else size for axis, size in enumerate(x.shape) if keepdim or axis not in gone]
    return _empty(shape, function(_one(x.ndim, x.dtype), **kwargs).dtype)


def _norm(x: Any, order: Any = 2, dim: Any = None, keepdim: bool = False) -> torch.Tensor | None:
    result = _reduction(torch.sum, x, dim, keepdim) if x.dtype in FULL and 0 not in x.shape else None
    return None if result is None else _empty(result.shape, x.dtype.to_real())


def _matmul(a: Any, b: Any) -> torch.Tensor | None:
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-2] or a.dtype != b.dtype:
        return None
    batch = np.broadcast_shapes(tuple(a.shape[:-2]), tuple(b.shape[:-2]))
    return _empty([*batch, a.shape[-2], b.shape[-1]], a.dtype)


def _sum_and_product(added: Any, a: Any, b: Any) -> torch.Tensor | None:
    product = None if a.ndim != 2 or b.ndim != 2 else _matmul(a, b)
    if product is None or added.dtype != product.dtype:
        return None
    return product if np.broadcast_shapes(tuple(added.shape), tuple(product.shape)) == product.shape else None


def _cat(tensors: Any, dim: int = 0) -> torch.Tensor | None:
    first = tensors[0]
    axis = dim % first.ndim
    rest = {(*t.shape[:axis], *t.shape[axis + 1:]) for t in tensors}
    if len(rest) != 1 or len({t.dtype for t in tensors}) != 1:
        return None
    return _empty([*first.shape[:axis], sum(t.shape[axis] for t in tensors), *first.shape[axis + 1:]], first.dtype)


def _stack(tensors: Any, dim: int = 0) -> torch.Tensor | None:
    first = tensors[0]
    if any(t.shape != first.shape or t.dtype != first.dtype for t in tensors):
        return None
    axis = dim % (first.ndim + 1)
    return _empty([*first.shape[:axis], len(tensors), *first.shape[axis:]], first.dtype)


def _gather(x: Any, dim: int, index: Any) -> torch.Tensor:
    return _empty(index.shape, x.dtype)


def _getitem(x: Any, index: Any) -> Any:
    """By an index in which tensors, or lists of numbers, stand side by side; of all else torch itself tells."""
    parts = index if isinstance(index, tuple) else (index,)
    places = [place for place, part in enumerate(parts) if isinstance(part, torch.Tensor) or (
        isinstance(part, list) and all(type(number) is int for number in part))]
    if not places or not isinstance(x, torch.Tensor) or places[-1] - places[0] >= len(places) or any(
            place not in places and type(part) not in (slice, type(None)) for place, part in enumerate(parts)):
        return None
    chosen = [torch.empty(len(part)) if isinstance(part, list) else part for part in map(parts.__getitem__, places)]
    if any(part.dtype in (torch.bool, torch.uint8) for part in chosen):
        return UNKNOWN  # as many as are true
    rest = x[tuple([slice(None) if place in places else part for place, part in enumerate(parts)])].shape
    picked = np.broadcast_shapes(*[tuple(part.shape) for part in chosen])
    return _empty([*rest[:places[0]], *picked, *rest[places[-1] + 1:]], x.dtype)


def _is_in(x: Any, among: Any, **options: Any) -> torch.Tensor | None:
    return _empty(x.shape, torch.bool) if isinstance(x, torch.Tensor) else None


def _index_select(x: Any, dim: int, index: Any) -> torch.Tensor | None:
    if x.ndim == 0 or index.ndim > 1:
        return None
    axis = dim % x.ndim
    return _empty([*x.shape[:axis], index.numel(), *x.shape[axis + 1:]], x.dtype)


def _tile(x: Any, counts: Any) -> torch.Tensor | None:
    if any(not isinstance(count, int) for count in counts):
        return None
    rank = max(x.ndim, len(counts))
    shape, times = [1] * (rank - x.ndim) + list(x.shape), [1] * (rank - len(counts)) + list(counts)
    return _empty([size * count for size, count in zip(shape, times)], x.dtype)


def _filled(*shape: Any, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    """Of `zeros` and `ones`."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape
    return _empty(sizes, dtype or torch.get_default_dtype()) if all(type(size) is int for size in sizes) else None


def _new_filled(x: Any, *shape: Any, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    """Of the method `new_zeros`."""
    return _filled(*shape, dtype=dtype or x.dtype)


def _full(size: Any, value: Any, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    return _filled(*size, dtype=dtype) if dtype is not None else None


def _new_full(x: Any, size: Any, value: Any, dtype: Any = None) -> torch.Tensor | None:
    return _full(size, value, dtype or x.dtype)


def _eye(rows: int, columns: int | None = None, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    return _filled(rows, rows if columns is None else columns, dtype=dtype)


def _reshape(x: Any, *shape: Any) -> torch.Tensor | None:
    sizes = list(shape[0] if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape)
    if x.numel() == 0 or not all(type(size) is int for size in sizes) or sizes.count(-1) > 1:
        return None
    known = math.prod(size for size in sizes if size != -1)
    if known <= 0 or x.numel() % known or (-1 not in sizes and known != x.numel()):
        return None
    return _empty([x.numel() // known if size == -1 else size for size in sizes], x.dtype)


def _arange(*bounds: Any, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    if not all(type(bound) is int for bound in bounds):
        return None
    return _empty(len(range(*bounds)), dtype or torch.int64)


def _arg_extreme(x: Any, dim: Any = None, keepdim: bool = False) -> torch.Tensor | None:
    if type(dim) is not int or not -x.ndim <= dim < x.ndim or 0 in x.shape:
        return None
    axis = dim % x.ndim
    return _empty([*x.shape[:axis], *([1] if keepdim else []), *x.shape[axis + 1:]], torch.int64)


def _pad(x: Any, amounts: Any, mode: str = "constant", value: Any = None) -> torch.Tensor | None:
    if mode != "constant" or len(amounts) > 2 * x.ndim or not all(type(amount) is int for amount in amounts):
        return None
    shape = list(x.shape)
    for place, amount in enumerate(amounts):  # the last axis comes first
        shape[-1 - place // 2] += amount
    return _empty(shape, x.dtype) if min(shape, default=0) >= 0 else None


def _cumulative(x: Any, dim: int, dtype: Any = None) -> torch.Tensor | None:
    small = not x.dtype.is_floating_point and not x.dtype.is_complex  # those of integers are counted in 64 bits
    return _empty(x.shape, dtype or (torch.int64 if small else x.dtype)) if -x.ndim <= dim < x.ndim else None


def _sort(x: Any, *args: Any, **kwargs: Any) -> Any:
    return _same(x), _empty(x.shape, torch.int64)


def _convolution(x: Any, weights: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    sizes = [windows.counted(*numbers) for numbers in zip(x.shape[2:], weights.shape[2:], stride, padding, dilation,
                                                   strict=True)]
    fits = min(sizes) > 0 and x.shape[1] == weights.shape[1] * groups and weights.shape[0] % groups == 0
    return _empty([x.shape[0], weights.shape[0], *sizes], x.dtype) if fits and x.dtype == weights.dtype else None


def _convolution_backward(dy: Any, x: Any, weights: Any, *rest: Any) -> Any:
    return [_same(value) if wanted else None for value, wanted in zip((x, weights), rest[-1])] + [None]


def _avg_pool(x: Any, window: Any, stride: Any, padding: Any, rounds_up: bool = False, *rest: Any) -> torch.Tensor:
    paddings = padding if isinstance(padding, (list, tuple)) else [padding] * len(window)
    numbers = zip(x.shape[2:], window, stride, paddings, strict=True)
    return _empty([*x.shape[:2], *(windows.counted(*each, rounds_up=rounds_up) for each in numbers)], x.dtype)


def _fold(columns: Any, room: Any, window: Any, dilation: Any, padding: int, stride: Any) -> Any:
    if columns.ndim != 3:
        return None
    count = math.prod(windows.counted(size, of, step, padding, wide) for size, of, step, wide in zip(
        room, window, stride, dilation, strict=True))
    channels, left = divmod(columns.shape[1], math.prod(window))
    fits = not left and count == columns.shape[2] and count > 0
    return _empty([columns.shape[0], channels, *room], columns.dtype) if fits else None


def _batch_norm_backward(dy: Any, x: Any, scale: Any, mean: Any, variance: Any, kept_mean: Any, kept_scale: Any,
                         training: bool, epsilon: float, wanted: Any) -> Any:
    moments = _empty(x.shape[1], x.dtype if scale is None else scale.dtype)
    return [given if asked else None for given, asked in zip((_same(x), moments, moments), wanted)]


def _batch_norm(x: Any, scale: Any, offset: Any, mean: Any, variance: Any, training: bool, *rest: Any) -> Any:
    moments = _empty(x.shape[1] if training else 0, torch.promote_types(x.dtype, torch.float32))
    return _same(x), moments, moments


def _matrix_function(results: Callable[..., Any], square: bool = False) -> Any:
    """A rule of functions of one matrix, or a batch of them.

    Args:
      results: from the sizes of the batch, rows, columns and the dtype to shape and dtype of what the function gives.
      square: whether it is refused for other matrices.
    """

    def rule(x: Any, **options: Any) -> Any:
        if x.dtype not in FULL or x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
            return None
        given = results(x.shape[:-2], *x.shape[-2:], x.dtype, **options)
        return tuple([_empty(*each) for each in given]) if isinstance(given, list) else _empty(*given)

    return rule


def _svd(batch: Any, rows: int, columns: int, dtype: Any, full_matrices: bool = True) -> Any:
    least = min(rows, columns)
    return [((*batch, rows, rows if full_matrices else least), dtype), ((*batch, least), dtype.to_real()),
            ((*batch, columns if full_matrices else least, columns), dtype)]


def _qr(batch: Any, rows: int, columns: int, dtype: Any, mode: str = "reduced") -> Any:
    kept = {"reduced": min(rows, columns), "complete": rows}[mode]
    return [((*batch, rows, kept), dtype), ((*batch, kept, columns), dtype)]


_MATRIX_FUNCTIONS = {
    "cholesky inv matrix_exp": _matrix_function(lambda batch, n, m, dtype: ((*batch, n, n), dtype), square=True),
    "slogdet": _matrix_function(lambda batch, n, m, dtype: [(batch, dtype), (batch, dtype.to_real())], square=True),
    "eigvalsh": _matrix_function(lambda batch, n, m, dtype: ((*batch, n), dtype.to_real()), square=True),
    "eigh": _matrix_function(lambda batch, n, m, dtype: [((*batch, n), dtype.to_real()), ((*batch, n, n), dtype)],
                             square=True),
    "eig": _matrix_function(lambda batch, n, m, dtype: [((*batch, n), dtype.to_complex()),
                                                        ((*batch, n, n), dtype.to_complex())], square=True),
    "lu_factor": _matrix_function(lambda batch, n, m, dtype: [((*batch, n, m), dtype),
                                                              ((*batch, min(n, m)), torch.int32)]),
    "svd": _matrix_function(_svd),
    "svdvals": _matrix_function(lambda batch, n, m, dtype: ((*batch, min(n, m)), dtype.to_real())),
    "qr": _matrix_function(_qr),
}


def _solved(a: Any, b: Any, **options: Any) -> torch.Tensor | None:
    """What times a square matrix is another matrix."""
    if min(a.ndim, b.ndim) < 2 or "left" in options:
        return None
    fits = a.dtype == b.dtype and a.dtype in FULL and a.shape[-2] == a.shape[-1] == b.shape[-2]
    batch = np.broadcast_shapes(tuple(a.shape[:-2]), tuple(b.shape[:-2]))
    return _empty([*batch, *b.shape[-2:]], b.dtype) if fits else None


def _solve(a: Any, b: Any) -> torch.Tensor | None:
    return _solved(a, b) if b.shape != a.shape[:-1] else None  # which are vectors


def _cross(a: Any, b: Any, dim: int = -1) -> torch.Tensor | None:
    shape = np.broadcast_shapes(tuple(a.shape), tuple(b.shape))
    fits = a.ndim == b.ndim and a.dtype == b.dtype and a.shape[dim] == b.shape[dim] == 3
    return _empty(shape, a.dtype) if fits else None


def _einsum(equation: str, *operands: Any) -> torch.Tensor | None:
    given, arrow, wanted = equation.replace(" ", "").partition("->")
    sizes: dict[str, int] = {}
    batches = []
    for labels, x in zip(given.split(","), operands, strict=True):
        before, dots, after = labels.partition("...")
        end = x.ndim - len(after)
        if end < len(before) or (end > len(before) and not dots):
            return None
        batches.append(tuple(x.shape[len(before):end]))
        for label, size in zip(before + after, [*x.shape[:len(before)], *x.shape[end:]], strict=True):
            sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
            if size not in (1, sizes[label]):
                return None
    batch = np.broadcast_shapes(*batches)
    before, dots, after = wanted.partition("...")
    if not arrow or (batch and not dots) or len({x.dtype for x in operands}) != 1:
        return None
    return _empty([*[sizes[label] for label in before], *batch, *[sizes[label] for label in after]], operands[0].dtype)


def _diag(x: Any, diagonal: int = 0) -> torch.Tensor | None:
    return _diag_embed(x, diagonal) if x.ndim == 1 else None


def _diag_embed(x: Any, offset: int = 0) -> torch.Tensor | None:
    size = x.shape[-1] + abs(offset) if x.ndim else 0
    return _empty([*x.shape[:-1], size, size], x.dtype) if x.ndim else None


def _window(size: Any, periodic: bool = True, dtype: Any = None, device: Any = None) -> torch.Tensor | None:
    return _filled(size, dtype=dtype)


@functools.cache
def _function_rules() -> dict[Any, Callable[..., Any]]:
    aten, functional = torch.ops.aten, torch.nn.functional
    rules: dict[Any, Callable[..., Any]] = {}
    for names, rule, bound in ((ELEMENT_WISE, _element_wise, True), (_SAME, _same, False),
                               (REDUCTIONS, _reduction, True)):
        for function in (getattr(home, name) for home in (torch, operator, torch.special, functional)
                         for name in names if hasattr(home, name)):
            rules[function] = functools.partial(rule, function) if bound else rule
    for function in (aten.leaky_relu_backward, aten.sigmoid_backward, aten.tanh_backward):
        rules[function] = functools.partial(_element_wise, function)
    for function in (aten.max_pool2d_with_indices_backward, aten.avg_pool2d_backward,
                     aten.max_pool3d_with_indices_backward, aten.avg_pool3d_backward):
        rules[function] = lambda dy, x, *rest: _same(x)
    for names_of, matrix_rule in _MATRIX_FUNCTIONS.items():
        rules.update({getattr(torch.linalg, name): matrix_rule for name in words(names_of)})
    return {**rules, torch.matmul: _matmul, operator.matmul: _matmul,
            torch.addmm: _sum_and_product, torch.cat: _cat, torch.stack: _stack, torch.gather: _gather,
            torch.sort: _sort, torch.conv2d: _convolution, torch.conv3d: _convolution,
            aten.convolution_backward: _convolution_backward, functional.avg_pool2d: _avg_pool,
            functional.avg_pool3d: _avg_pool, aten.native_batch_norm: _batch_norm,
            aten.native_batch_norm_backward: _batch_norm_backward, torch.index_select: _index_select,
            torch.tile: _tile, torch.zeros: _filled, torch.ones: _filled, torch.arange: _arange,
            torch.argmax: _arg_extreme, torch.argmin: _arg_extreme, functional.pad: _pad,
            torch.cumsum: _cumulative, torch.cumprod: _cumulative, torch.full: _full, torch.eye: _eye,
            torch.reshape: _reshape, functional.fold: _fold, torch.linalg.solve: _solve,
            torch.linalg.solve_triangular: _solved, torch.linalg.vector_norm: _norm,
            torch.cholesky_solve: lambda b, factor: _solved(factor, b), torch.diag_embed: _diag_embed,
            torch.diag: _diag, torch.linalg.cross: _cross, torch.einsum: _einsum, torch.hann_window: _window,
            operator.getitem: _getitem, torch.isin: _is_in, torch.nonzero: _of_values, torch._assert_async: _of_values}


@functools.cache
def _method_rules() -> dict[str, Callable[..., Any]]:
    rules: dict[str, Callable[..., Any]] = {name: _same for name in _SAME if hasattr(torch.Tensor, name)}
    rules.update(gather=_gather, index_select=_index_select, tile=_tile, new_zeros=_new_filled, new_full=_new_full,
                 reshape=_reshape, argmax=_arg_extreme, argmin=_arg_extreme, cumsum=_cumulative, cumprod=_cumulative,
                 sort=_sort, nonzero=_of_values, __getitem__=_getitem)
    for names, rule in ((ELEMENT_WISE, _element_wise), (REDUCTIONS, _reduction)):
        for name in names:
            if hasattr(torch.Tensor, name):
                rules[name] = functools.partial(rule, getattr(torch.Tensor, name))
    for name in words("and lshift or rand ror rshift rxor xor"):  # the operators that torch tells in Python
        rules[f"__{name}__"] = functools.partial(_element_wise, getattr(torch.Tensor, f"__{name}__"))
    return rules


def _is_meta(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.device.type == "meta"
    if isinstance(value, (list, tuple)):
        return all(item is None or _is_meta(item) for item in value)
    return isinstance(value, (int, float, bool, torch.dtype, torch.device))


def _plain_checks() -> None:
    """Let torch's checks pass what is plainly True; it asks its compiler's solver even then, and imports that."""
    with_solver = torch._check_with

    def check(error_type: Any, cond: Any, message: Any) -> None:
        if cond is not True:
            with_solver(error_type, cond, message)

    torch._check_with = check


if hasattr(torch, "_check_with"):
    _plain_checks()
