"""The random ops: shape rules, kernels on the seeded streams of a session, gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import InvalidArgumentError
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import ones
from tfmagic.ops.array.shape_ops import shape as shape_of
from tfmagic.ops.declare import op, register
from tfmagic.ops.random import distributions, rejection, sampling
from tfmagic.ops.random.gamma_gradient import gamma_gradient
from tfmagic.ops.random.philox import PhiloxState, Stream, block
from tfmagic.ops.random.seeded import check_classes, no_matrix, no_pair, seeded
from tfmagic.ops.torch_types import torch_dtype


def _stream_of(op: Any) -> PhiloxState:
    """The stream that a session keeps for one node."""
    return PhiloxState(op.seed, op.seed2)


# --- what the ops have in common -----------------------------------------------------------------------------------


def _given_shape(op: Any, *inputs: Dims) -> Dims:
    """The shape that the input `shape` holds."""
    return static_dims(op.shape)


def _given_shape_then(op: Any, shape: Dims, parameter: Dims) -> Dims:
    """A draw of the given shape for each element of the parameter."""
    drawn = static_dims(op.shape)
    return None if drawn is None or parameter is None else drawn + parameter


def _seeded_shape(op: Any, *inputs: Dims) -> Dims:
    """The shape that the input `shape` holds; checks the pair of seeds."""
    _check_pair(inputs[1])
    return static_dims(op.shape)


def _drawn_classes(op: Any, logits: Dims, count: Dims, *seed: Dims) -> Dims:
    """[batch, count] from logits [batch, classes]."""
    for pair in seed:
        _check_pair(pair)
    batch, _ = shape_rules.with_rank(logits, 2)
    shape_rules.with_rank(count, 0)
    return batch, shape_rules.size_value(op.num_samples, 1)


def _check_pair(seed: Dims) -> None:
    (size,) = shape_rules.with_rank(seed, 1)
    if size not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {size}")


def _refuse(message: str) -> Exception:
    """An error of a kernel; the session adds the node."""
    return InvalidArgumentError(None, None, message)


def _sizes(shape: Any) -> tuple[int, ...]:
    """The run's value of the input `shape`, checked."""
    for size in shape:
        if size < 0:
            raise _refuse(f"Dimension {size} must be >= 0")
    if math.prod(shape) >= 1 << 63:
        raise _refuse(f"shape {list(shape)} has too many elements")
    return tuple(shape)


def _refused(op: Any, *dims: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes: of `shape`, the pair of seeds and bounds."""
    for name, given in zip([arg.name for arg in op.op._op_def.inputs], dims):
        if name == "shape" and len(given) != 1:
            return f"shape must be a vector of {{int32,int64}}, got shape {shapes.brackets(given)}"
        if name == "seed" and given != (2,):
            return no_pair(given)
        if name in ("minval", "maxval") and given:
            return f"{name} must be 0-D, got shape {shapes.brackets(given)}"
    return None


def _work(operations: int) -> Callable[..., float]:
    """How much a draw has to do: so many operations for a number."""

    def work(op: Any, shape: Any, *parameters: Any) -> float:
        drawn = static_ints(op.shape)
        if drawn is None:
            return 0
        # Of distributions with one parameter each of its elements has numbers of its own.
        return operations * math.prod(drawn) * (math.prod(parameters[0]) if len(parameters) == 1 else 1)

    return work


# --- uniform and normal numbers --------------------------------------------------------------------------------------


# By type of operation, what makes its numbers of the share of a stream that a run takes for them.
DRAWS: dict[str, Callable[[Any, Stream, tuple[int, ...]], Any]] = {}


def _fills(name: str, stateless: str, distribution: Callable[..., Any], operations: int) -> None:
    """Declares the stateful and the stateless op of a distribution without parameters, and their work for a number."""

    def draw(op: Any, stream: Stream, sizes: tuple[int, ...]) -> Any:
        return distribution(stream, sizes, torch_dtype(op.dtype))

    def kernel(op: Any, state: PhiloxState, shape: Any) -> Any:
        sizes = _sizes(shape)
        return draw(op, state.reserve_outputs(math.prod(sizes)), sizes)

    def stateless_kernel(op: Any, shape: Any, seed: Any) -> Any:
        return getattr(op.call(seeded, seed), distribution.__name__)(_sizes(shape), torch_dtype(op.dtype), op.device)

    register(name, _given_shape, kernel, state=_stream_of, host="shape", sizes="shape", check=_refused,
             doc=distribution.__doc__, work=_work(operations))
    DRAWS[name] = draw
    register(stateless, _seeded_shape, stateless_kernel, host="shape", check=_refused, objects=True,
             doc=distribution.__doc__)


_fills("RandomUniform", "StatelessRandomUniform", distributions.uniform, 40)
_fills("RandomStandardNormal", "StatelessRandomNormal", distributions.normal, 200)
_fills("TruncatedNormal", "StatelessTruncatedNormal", distributions.truncated_normal, 300)


def _integers(shape: Any, low: int, high: int) -> tuple[int, ...]:
    """The run's value of the input `shape`, checked like the bounds."""
    sizes = _sizes(shape)
    if low >= high and 0 not in sizes:
        raise _refuse(f"Need minval < maxval, got {low} >= {high}")
    return sizes


def _integer_shape(op: Any, *inputs: Dims) -> Dims:
    for bound in inputs[-2:]:
        shape_rules.with_rank(bound, 0)
    if len(inputs) == 4:
        _check_pair(inputs[1])
    return static_dims(op.shape)


def _cropped_shape(op: Any, image: Dims, size: Dims) -> Dims:
    image = shape_rules.with_rank(image, 3)
    shape_rules.merge(size, (2,))
    wanted = static_ints(op.size) or (None, None)
    return wanted[0], wanted[1], image[2]


def _no_image(op: Any, image: Any, size: Any) -> str | None:
    if len(image) != 3:
        return f"input must be 3-dimensional{shapes.brackets(image)}"
    if len(size) != 1:
        return f"shape_t must be 1-dimensional{shapes.brackets(size)}"
    return None if size[0] == 2 else f"shape_t must have two elements{shapes.brackets(size)}"


@op("RandomCrop", state=_stream_of, host="size", check=_no_image)
class RandomCrop:
    """A part of a picture at a place drawn by chance."""

    shape = _cropped_shape

    def kernel(op, state, image, size):
        for name, given, wanted in zip(("height", "width"), image.shape, size):
            if given < wanted:
                raise errors.FailedPreconditionError(
                    None, None, f"{name} must be >= target_{name}: {name} = {given}, target_{name} = {wanted}")
        if tuple(size) == tuple(image.shape[:2]):
            return image
        words = iter(block(state.reserve_words(2)))
        left, top = (_one_of(words, image.shape[axis] - size[axis] + 1) if size[axis] < image.shape[axis] else 0
                     for axis in (1, 0))
        return image[top:top + size[0], left:left + size[1]].contiguous()


def _one_of(words: Iterator[int], count: int) -> int:
    """A number in [0, count) from single words, every one equally likely."""
    if count & (count - 1) == 0:
        return next(words) & (count - 1)
    least = ((1 << 32) - 1) % count + 1
    value = next(words)
    while value < least:
        value = next(words)
    return value % count


@op("RandomUniformInt", state=_stream_of, host=("shape", "minval", "maxval"), sizes="shape", check=_refused,
    work=_work(80))
class RandomUniformInt:
    """Uniform integers in [minval, maxval)."""

    shape = _integer_shape

    def kernel(op, state, shape, minval, maxval):
        sizes = _integers(shape, minval, maxval)
        stream = state.reserve_outputs(math.prod(sizes))
        return distributions.uniform_int(stream, sizes, minval, maxval, torch_dtype(op.minval.dtype))


@op("StatelessRandomUniformInt", host=("shape", "minval", "maxval"), check=_refused, objects=True)
class StatelessRandomUniformInt:
    """Uniform integers in [minval, maxval), the same for the same pair of seeds."""

    shape = _integer_shape

    def kernel(op, shape, seed, minval, maxval):
        sizes = _integers(shape, minval, maxval)
        return op.call(seeded, seed).uniform_int(sizes, minval, maxval, torch_dtype(op.minval.dtype), op.device)


@op("ParameterizedTruncatedNormal", state=_stream_of, host="shape", check=lambda op, shape, *parameters:
    None if len(shape) == 1 else f"Input shape should be a vector, got shape: {shapes.brackets(shape)}")
class ParameterizedTruncatedNormal:
    """Normal numbers between bounds, with parameters for each row."""

    def shape(op, shape, *parameters):
        for parameter in parameters:
            shape_rules.with_rank_at_most(parameter, 1)
        return static_dims(op.shape)

    def kernel(op, state, shape, means, stdevs, minvals, maxvals):
        sizes = _sizes(shape)
        if not sizes:
            raise _refuse("Input shape should have at least one dimension")
        for name, values in zip(("means", "stdevs", "minvals", "maxvals"), (means, stdevs, minvals, maxvals)):
            if values.dim() > 1 or values.numel() not in (1, sizes[0]):
                raise _refuse(f"Input {name} should have length 1 or shape[0], got shape: "
                              f"{shapes.brackets(tuple(values.shape))}")
        return rejection.bounded_normal(state, sizes, means, stdevs, minvals, maxvals, torch_dtype(op.dtype))


def _explain_gamma(op: Any, shape: Any, alpha: Any) -> str | None:
    if shape.dim() == 1:
        return None

    def shown(part: Any) -> str:
        if not isinstance(part, list):
            return str(part)
        rows = any(isinstance(item, list) for item in part)
        return "".join([f"[{shown(item)}]" for item in part]) if rows else " ".join(map(str, part))

    return (f"shape must be a vector of {{int32,int64}}, got shape: Tensor<type: {op.S.name} shape: "
            f"{shapes.brackets(tuple(shape.shape))} values: {shown(shape.tolist())}>")


# --- distributions with parameters -----------------------------------------------------------------------------------


@op("RandomGamma", state=_stream_of, host="shape", explain=_explain_gamma, work=_work(4000))
class RandomGamma:
    """Numbers of the gamma distributions with shape parameters alpha and rate 1: shape + alpha.shape."""

    shape = _given_shape_then

    def kernel(op, state, shape, alpha):
        return rejection.gamma(state, _sizes(shape), alpha)

    def gradient(op, dsample):
        with get_default_graph().control_dependencies([dsample]):
            # Alpha takes ones in front, one for each drawn dimension, and the gradient is summed over those.
            drawn = shape_of(op.shape)[0]
            alpha = raw.reshape(op.alpha, raw.concat_v2([ones([drawn], dtypes.int32), shape_of(op.alpha)], 0,
                                                        name="concat"))
            dalpha = dsample * raw.random_gamma_grad(alpha, op.output)
            return None, raw.sum(dalpha, raw.range(0, drawn, 1, name="range"))


@op("RandomGammaGrad")
class RandomGammaGrad:
    """How a sample of the gamma distribution changes with its alpha."""

    shape = shape_rules.broadcast

    def kernel(op, alpha, sample):
        return gamma_gradient(alpha, sample)


@op("RandomPoissonV2", "RandomPoisson", state=_stream_of, host="shape", check=_refused, work=_work(3000))
class RandomPoisson:
    """Numbers of the Poisson distributions with the given rates: shape + rate.shape."""

    shape = _given_shape_then

    def kernel(op, state, shape, rate):
        try:
            return rejection.poisson(state, _sizes(shape), rate, torch_dtype(op.dtype))
        except ValueError as error:
            raise _refuse(str(error)) from None


# --- choices ---------------------------------------------------------------------------------------------------------


@op("RandomShuffle", state=_stream_of)
class RandomShuffle:
    """The slices of a tensor along its first dimension, in random order."""

    shape = shape_rules.same

    def kernel(op, state, value):
        return sampling.shuffle(state, value)


def _refused_classes(op: Any, logits: Any, count: Any, *seed: Any) -> str | None:
    if len(logits) != 2:
        return no_matrix(logits)
    if count:
        return f"num_samples should be a scalar, got shape {shapes.brackets(count)}"
    return _refused(op, logits, count, *seed)


@op("Multinomial", state=_stream_of, host="num_samples", check=_refused_classes)
class Multinomial:
    """Class numbers drawn by unnormalised log-probabilities: logits [batch, classes] -> [batch, num_samples]."""

    shape = _drawn_classes

    def kernel(op, state, logits, num_samples):
        check_classes(tuple(logits.shape), num_samples)
        return sampling.multinomial(state, logits, num_samples, torch_dtype(op.output_dtype))


@op("StatelessMultinomial", host="num_samples", check=_refused_classes, objects=True)
class StatelessMultinomial:
    """Class numbers drawn by unnormalised log-probabilities, the same for the same pair of seeds."""

    shape = _drawn_classes

    def kernel(op, logits, num_samples, seed):
        return op.call(seeded, seed).categories(logits, num_samples, torch_dtype(op.output_dtype))
