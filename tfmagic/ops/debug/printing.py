"""Print and PrintV2: what a run writes to standard error, and `tf.print`, which formats it."""

from __future__ import annotations

import os
import pprint
import random
import sys
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.debug.text import summarized
from tfmagic.ops.declare import op


class _Count:
    """How often a Print node has printed in one session."""

    def __init__(self) -> None:
        self.done = 0

    def mark(self) -> int:
        return self.done

    def rollback(self, before: int, after: int) -> None:
        """What has been printed stays printed, and counted."""


@op("Print", state=lambda op: _Count())
class Print:
    """Passes a tensor on and prints others on the way."""

    def shape(op: Any, input: Dims, data: list[Dims]) -> Dims:  # the op's own name
        return input

    def kernel(op: Any, count: _Count, input: Any, data: list[Any]) -> Any:
        if op.first_n < 0 or count.done < op.first_n:
            count.done += 1
            shown = "".join(f"[{summarized(value, op.summarize)}]" for value in data)
            print(op.message + shown, file=sys.stderr, flush=True)
        return input

    def gradient(op: Any, *grads: Any) -> list[Any]:
        return [grads[0], *[None] * (len(op.op._inputs) - 1)]


_STREAMS = {"stdout": "stdout", "stderr": "stderr"}
_LOG_STREAMS = {"log(info)": "INFO", "log(warning)": "WARN", "log(error)": "ERROR"}


class Output:
    """Where strings are printed.

    Args:
      stream: "stdout", "stderr", a level of the log ("log(info)") or "file://" and a path.
      end: what is written after each.
    """

    def __init__(self, stream: str, end: str):
        self._stream = stream
        self._end = end

    def write(self, value: Any) -> None:
        """Print the string of a run."""
        text = bytes(value.item() if hasattr(value, "item") else value).decode("utf-8", "backslashreplace") + self._end
        stream = self._stream
        if stream in _STREAMS:
            print(text, file=getattr(sys, _STREAMS[stream]), end="", flush=True)
        elif stream in _LOG_STREAMS:
            from tfmagic.base import tf_logging

            tf_logging.log(getattr(tf_logging, _LOG_STREAMS[stream]), "%s", text.rstrip("\n"))
        elif stream.startswith("file://"):
            with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
                file.write(text)
        else:
            raise ValueError(f"Unknown output stream: {stream}, Valid streams are: "
                             f"{' '.join([*_STREAMS, *_LOG_STREAMS])}")


@op("PrintV2", objects=True, effect="writes")
class PrintV2:
    """Prints a string."""

    def shape(op: Any, input: Dims) -> None:
        if input != ():
            raise ValueError(f"input must be a scalar, but has rank: {-1 if input is None else len(input)}")

    def kernel(op: Any, input: Any) -> None:
        op.constant(Output(op.output_stream, op.end)).write(input)


@export("Print")
@deprecated("2018-08-20", "Use tf.print instead of tf.Print. Note that tf.print returns a no-output operator that "
            "directly prints the output. Outside of defuns or eager mode, this operator will not be executed unless it "
            "is directly specified in session.run or used as a control dependency for other operators. This is only a "
            "concern in graph mode. Below is an example of how to ensure tf.print executes in graph mode:\n")
def Print_(input_: Any, data: Any, message: str | None = None, first_n: int | None = None,
           summarize: int | None = None, name: str | None = None) -> Tensor:
    """A copy of a tensor that prints others to standard error whenever it is computed.

    Args:
      input_: the tensor to pass on.
      data: tensors to print.
      message: text before them.
      first_n: print only the first times.
      summarize: how many elements of each to print (3).
      name: the name of the node.
    """
    return raw.print(input_, data, message, first_n, summarize, name=name)


@export("print")
def print_v2(*inputs: Any, **kwargs: Any) -> Operation:
    """An operation that prints values whenever it runs.

    Args:
      *inputs: tensors, values, or structures of them.
      output_stream: sys.stderr (by default), sys.stdout, a level of tf.logging, or a "file://" path.
      summarize: how many elements at both ends of each axis to print (3; -1 for all).
      sep: what stands between the inputs.
      end: what stands at the end.
      name: the name of the operation.

    Raises:
      ValueError: an unknown argument, or output stream.
    """
    output_stream = kwargs.pop("output_stream", sys.stderr)
    name = kwargs.pop("name", None)
    summarize = kwargs.pop("summarize", 3)
    sep = kwargs.pop("sep", " ")
    end = kwargs.pop("end", os.linesep)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    format_name = f"{name}_format" if name else None
    stream = _stream_name(output_stream)
    if len(inputs) == 1 and isinstance(inputs[0], Tensor) and inputs[0].dtype is dtypes.string \
            and inputs[0].shape.ndims == 0:
        return raw.print_v2(inputs[0], stream, end, name=name)
    templates: list[str] = []
    tensors: list[Any] = []
    # A mark that no input contains keeps braces in the text apart from the places of tensors.
    mark = "{" + "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(32)) + "}"
    for item in inputs:
        leaves = nest.flatten(item, expand_composites=False)
        flat = []
        for leaf in leaves:
            if _shown_by_value(leaf):
                tensors.append(leaf)
                flat.append(_Mark(mark))
            elif nest.is_composite(leaf):
                parts = leaf._composite_parts()
                tensors.extend(parts)
                flat.append(_Mark(f"'SparseTensor(indices={mark}, values={mark}, shape={mark})'"
                                  if isinstance(leaf, SparseTensor) else
                                  f"{type(leaf).__name__}({', '.join([mark] * len(parts))})"))
            else:
                flat.append(leaf)
        structure = nest.pack_sequence_as(item, flat)
        templates.append(structure if isinstance(structure, str) else pprint.pformat(structure))
    template = sep.join(templates)
    if "{}" not in template.replace(mark, ""):
        template, mark = template.replace(mark, "{}"), "{}"
    formatted_text = raw.string_format(tensors, template, mark, summarize, name=format_name)
    return raw.print_v2(formatted_text, stream, end, name=name)


class _Mark:
    """Stands in a structure for the place of a tensor."""

    def __init__(self, text: str):
        self._text = text

    def __repr__(self) -> str:
        return self._text

    __str__ = __repr__


def _shown_by_value(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) or hasattr(leaf, "_as_graph_element")


def _stream_name(stream: Any) -> str:
    from tfmagic.base import tf_logging

    known = [(sys.stdout, "stdout"), (sys.stderr, "stderr"), (tf_logging.info, "log(info)"),
             (tf_logging.INFO, "log(info)"), (tf_logging.warning, "log(warning)"), (tf_logging.WARN, "log(warning)"),
             (tf_logging.error, "log(error)"), (tf_logging.ERROR, "log(error)"), (sys.__stdout__, "stdout"),
             (sys.__stderr__, "stderr")]
    if isinstance(stream, str):
        if stream.startswith("file://"):
            return stream
    else:
        for target, name in known:
            if stream is target or (isinstance(stream, int) and stream == target):
                return name
    raise ValueError(f"Unsupported output stream, logging level, or file.{stream}. Supported streams are sys.stdout, "
                     "sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form "
                     "of 'file://<filepath>'.")
