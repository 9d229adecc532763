"""tf.einsum: sums of products by index letters, made of transpositions, reshapes, products and sums."""

from __future__ import annotations

import functools
import operator
import re
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.tf.linalg.matrices import trace


@export("einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """Sums products of tensors over index letters: `einsum("ij,jk->ik", a, b)` is a matrix product.

    Args:
      equation: index letters per input, "->", index letters of the output; "..." stands for further dimensions.
      inputs: tensors of one numeric type.
      name: a name for the nodes.

    Returns:
      The sum.

    Raises:
      AttributeError: an input is no tensor or variable.
      ValueError: the equation is malformed or does not fit the inputs.
      TypeError: another keyword argument.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError("invalid keyword arguments for this function: " + ", ".join(sorted(kwargs)))
    with name_scope(name, "einsum", [equation, inputs]):
        for value in inputs:
            value.get_shape()  # as in TensorFlow, arrays and numbers, which have none, are refused
        tensors = [convert_to_tensor(value) for value in inputs]
        labels, output = _resolved(equation, tensors)
        letters = set("".join(labels) + output)
        for letter in sorted(letters):
            for text in labels:
                if len(labels) == 1 and text.count(letter) == 2 and text == text[::-1] and "->" not in equation:
                    return trace(tensors[0])
                if text.count(letter) > 1:
                    raise ValueError(f"Subscript not supported: an axis appears more than once: {text}")
        for letter in sorted(letters):
            if letter not in output and sum(letter in text for text in labels) > 2:
                tf_logging.warning("Falling back to exponential-space implementation of einsum() because index \"%s\" "
                                   "is summed over more than two inputs.", letter)
                return _by_one_product(labels, output, tensors)
        result, known = tensors[0], labels[0]
        for tensor, text in zip(tensors[1:], labels[1:]):
            summed = (set(known) & set(text)) - set(output)
            result, known = _pair(result, known, tensor, text, summed)
        if set(known) - set(output):
            result = reduce_sum(result, axis=[i for i, letter in enumerate(known) if letter not in output])
            known = "".join(letter for letter in known if letter in output)
        if sorted(known) != sorted(output):
            raise ValueError(f"Invalid equation: {equation}")
        return _transposed(result, [known.index(letter) for letter in output])


def _resolved(equation: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    """The letters of each input and of the output, with "..." replaced by letters."""
    equation = equation.replace(" ", "")
    match = re.fullmatch(r"([a-zA-Z.,]*)(?:->([a-zA-Z.]*))?", equation)
    if match is None or not match[1]:
        raise ValueError(f"Indices have incorrect format: {equation}")
    labels = match[1].split(",")
    output = match[2]
    if len(labels) != len(tensors):
        raise ValueError(f'Incorrect number of arguments for equation "{equation}"')
    for text in (*labels, output or ""):
        if "." in text.replace("...", "", 1):
            raise ValueError(f"Unable to resolve ellipsis: {text}")
    unused = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation]
    most = 0
    for place, (text, tensor) in enumerate(zip(labels, tensors)):
        if "..." not in text:
            continue
        rank = tensor.get_shape().ndims
        if rank is None:
            raise ValueError("Unable to statically infer ellipsis axes.")
        count = rank - len(text.replace("...", ""))
        if count < 0:
            raise ValueError(f"Input {text} has fewer dimensions than letters")
        most = max(most, count)
        labels[place] = (count, text)  # type: ignore[call-overload]
    letters = "".join(unused[:most])
    labels = [text if isinstance(text, str) else text[1].replace("...", letters[most - text[0]:]) for text in labels]
    if output is None:
        counts = "".join(labels)
        output = letters + "".join(sorted(c for c in set(counts) if counts.count(c) == 1 and c not in letters))
    else:
        output = output.replace("...", letters)
    return labels, output


def _sizes(tensor: Tensor) -> list[Any]:
    """The size of each dimension: an int where it is known, else a scalar tensor."""
    dims: Any = tensor._dims
    if None not in dims:
        return list(dims)
    dynamic = shape_ops.shape(tensor)
    return [dynamic[i] if d is None else d for i, d in enumerate(dims)]


def _product(sizes: list[Any]) -> Any:
    """The product of sizes: an int where all are known."""
    return functools.reduce(operator.mul, sizes, 1)


def _transposed(tensor: Tensor, order: list[int]) -> Tensor:
    return tensor if order == list(range(len(order))) else api.transpose(tensor, perm=order)


def _reshaped(tensor: Tensor, sizes: list[Any]) -> Tensor:
    known = all(isinstance(size, int) for size in sizes)
    return tensor if known and tensor._dims == tuple(sizes) else raw.reshape(tensor, sizes)


def _pair(a: Tensor, a_labels: str, b: Tensor, b_labels: str, summed: set[str]) -> tuple[Tensor, str]:
    """The sum of products of two tensors: a batch of matrix products, or a product where nothing is summed."""
    for tensor, labels in ((a, a_labels), (b, b_labels)):
        rank = len(tensor.get_shape())
        if rank != len(labels):
            raise ValueError(f"Tensor {tensor} of rank {rank} does not fit the indices {labels}")
    kept = set(a_labels) & set(b_labels) - summed
    free_a, free_b = set(a_labels) - kept - summed, set(b_labels) - kept - summed

    def order(labels: str, middle: set[str]) -> list[str]:
        """Kept letters first, then those of the middle, then the others; alphabetically among themselves."""
        return sorted(labels, key=lambda c: (-1, c) if c in kept else (0, c) if c in middle else (1, c))

    order_a, order_b = order(a_labels, free_a), order(b_labels, summed)
    a = _transposed(a, [a_labels.index(c) for c in order_a])
    b = _transposed(b, [b_labels.index(c) for c in order_b])
    head = len(kept)
    if not summed:
        for _ in free_b:
            a = shape_ops.expand_dims(a, -1)
        for _ in free_a:
            b = shape_ops.expand_dims(b, head)
        return raw.mul(a, b), "".join(order_a + order_b[head:])
    sizes_a = _sizes(a)
    rows, inner = _product(sizes_a[head:len(sizes_a) - len(summed)]), _product(sizes_a[len(sizes_a) - len(summed):])
    a = _reshaped(a, [*sizes_a[:head], rows, inner])
    sizes_b = _sizes(b)
    b = _reshaped(b, [*sizes_b[:head], inner, _product(sizes_b[head + len(summed):])])
    product = matmul(a, b)
    product = _reshaped(product, sizes_a[:head + len(free_a)] + sizes_b[len(sizes_b) - len(free_b):])
    return product, "".join(order_a[:head + len(free_a)] + order_b[len(order_b) - len(free_b):])


def _by_one_product(labels: list[str], output: str, tensors: list[Tensor]) -> Tensor:
    """All inputs broadcast to all letters, multiplied, and summed: simple, but large."""
    letters = output + "".join(sorted(set("".join(labels)) - set(output)))
    tensors = [api.transpose(tensor, [text.index(c) for c in sorted(text, key=letters.index)])
               for text, tensor in zip(labels, tensors)]
    product: Any = 1
    for factor in [_spread(text, letters, tensor) for text, tensor in zip(labels, tensors)]:
        product = product * factor
    return reduce_sum(product, list(range(len(output), len(letters)))) if len(letters) > len(output) else product


def _spread(text: str, letters: str, tensor: Tensor) -> Tensor:
    """A tensor whose dimensions are in order, with dimensions of 1 for the letters that it lacks."""
    sizes = iter(tensor.get_shape().as_list())
    shape = [next(sizes) if letter in text else 1 for letter in letters]
    if shape.count(None) < 2:
        return shape_ops.reshape(tensor, [-1 if size is None else size for size in shape])
    for place, letter in enumerate(letters):
        if letter not in text:
            tensor = shape_ops.expand_dims(tensor, place)
    return tensor
