"""tf.autograph: to_graph, to_code, and the conversion of the functions that TensorFlow itself calls."""

from __future__ import annotations

import ast
import functools
import inspect
import os
import traceback
import types
from collections.abc import Callable
from typing import Any, NoReturn

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.graph import conversion
from tfmagic.tf.autograph import calls
from tfmagic.tf.autograph.calls import ConversionError
from tfmagic.tf.autograph.features import check_features
from tfmagic.tf.autograph.source import NoSourceError

_IN_CONVERTED_CODE = "in converted code:"


@export("autograph.to_graph")
def to_graph(entity: Any, recursive: bool = True, arg_values: Any = None, arg_types: Any = None,
             experimental_optional_features: Any = None) -> Any:
    """A function that does with tensors what the given one does with Python's values.

    Args:
      entity: a Python function, method or object that can be called.
      recursive: whether the functions that it calls are converted too.
      arg_values, arg_types: kept for old programs; nothing depends on them.
      experimental_optional_features: one or several `tf.autograph.experimental.Feature`.

    Returns:
      The converted function. Where a tensor decides, its `if`, `while`, `for`, `and`, `or` and `not` become nodes.

    Raises:
      ValueError: its source cannot be read.
      NotImplementedError: it is no function, or a generator.
    """
    check_features(experimental_optional_features)
    function = _function_of(entity)
    try:
        made = calls.convert(function, recursive)
    except NoSourceError as error:
        raise ConversionError(f"converting {entity}: {error}") from None
    except ConversionError as error:
        raise NotImplementedError(str(error)) from None

    @functools.wraps(made)
    def converted(*args: Any, **kwargs: Any) -> Any:
        with conversion.converted(True):
            return made(*args, **kwargs)

    if function.__name__ != "<lambda>":
        converted.__name__ = f"tf__{function.__name__}"
    return calls.mark(converted)


@export("autograph.to_code")
def to_code(entity: Any, recursive: bool = True, arg_values: Any = None, arg_types: Any = None, indentation: str = "  ",
            experimental_optional_features: Any = None) -> str:
    """The source of what `to_graph` makes of a function.

    Args:
      entity, recursive, arg_values, arg_types, experimental_optional_features: as in `to_graph`.
      indentation: what a level is indented by.

    Raises:
      ValueError: its source cannot be read.
      NotImplementedError: it is no function, or a generator.
    """
    check_features(experimental_optional_features)
    function = _function_of(entity)
    try:
        node: Any = calls.tree(function)
    except NoSourceError as error:
        raise ConversionError(f"converting {entity}: {error}") from None
    except ConversionError as error:
        raise NotImplementedError(str(error)) from None
    if isinstance(node, ast.FunctionDef):
        node.name = f"tf__{node.name}"
    lines = ast.unparse(node).splitlines()
    return "\n".join(_indented(line, indentation) for line in lines) + "\n"


def _indented(line: str, indentation: str) -> str:
    text = line.lstrip(" ")
    return indentation * ((len(line) - len(text)) // 4) + text


def _function_of(entity: Any) -> types.FunctionType:
    """The Python function behind what a user gives.

    Raises:
      NotImplementedError: there is none.
    """
    function = inspect.unwrap(entity) if isinstance(entity, types.FunctionType) else entity
    if isinstance(function, types.MethodType):
        function = function.__func__
    if not isinstance(function, types.FunctionType):
        called = getattr(type(entity), "__call__", None)  # noqa: B004  # the method itself is wanted
        if isinstance(entity, type) or not isinstance(called, types.FunctionType):
            raise NotImplementedError(f"cannot convert entity \"{entity}\": object conversion is not yet supported.\n"
                                      "Give a Python function.")
        function = called
    return function


def converted_for_graph(function: Callable[..., Any], run: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A function of a user's as TensorFlow's own functions call it: converted, with errors that say where.

    Args:
      function: the user's function.
      run: what calls it, by default just so: `(function, *args, **kwargs) -> result`.
    """
    callee = calls.callee(function)

    @functools.wraps(function, assigned=[name for name in functools.WRAPPER_ASSIGNMENTS if hasattr(function, name)],
                     updated=())
    def converted(*args: Any, **kwargs: Any) -> Any:
        try:
            with conversion.converted(True):
                return callee(*args, **kwargs) if run is None else run(callee, *args, **kwargs)
        except Exception as error:
            raise_saying_where(error)

    return converted


def raise_saying_where(error: Exception) -> NoReturn:
    """Raise an error of converted code again, with the user's lines in its message, as TensorFlow does.

    Raises:
      StagingError: it is of a type that TensorFlow knows nothing of; else an error of its type.
    """
    text = error.message if isinstance(error, errors.OpError) else str(error)
    if text.startswith(_IN_CONVERTED_CODE):
        raise error
    lines = [_IN_CONVERTED_CODE, ""]
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith(calls.FOREIGN):
            lines += [f"    {os.path.relpath(frame.filename) if os.path.exists(frame.filename) else frame.filename}:"
                      f"{frame.lineno} {frame.name}  *", f"        {frame.line}"]
    message = "\n".join([*lines, "", *("    " + line for line in f"{type(error).__name__}: {text}".splitlines()), ""])
    if isinstance(error, errors.OpError):
        error._message = message
    elif type(error) in _TAKE_A_TEXT:
        error.args = (message,)
    elif type(error) is KeyError:
        raise _KeyError(message) from error
    else:
        raise StagingError(message) from error
    raise error


class AutoGraphError(Exception):
    """Base of the errors of AutoGraph itself."""

    __module__ = "tensorflow.python.autograph.impl.api"


class StagingError(AutoGraphError):
    """Converted code has raised an error of a type of its own."""

    __module__ = "tensorflow.python.autograph.impl.api"


class _KeyError(KeyError):
    """A KeyError whose message has several lines, which are shown as they are."""

    __module__ = "tensorflow.python.autograph.pyct.errors"

    def __str__(self) -> str:
        return str(self.args[0])


_KeyError.__name__ = _KeyError.__qualname__ = "KeyError"
_TAKE_A_TEXT = (AssertionError, AttributeError, Exception, NameError, NotImplementedError, RuntimeError, StopIteration,
                TypeError, ValueError, errors.OperatorNotAllowedInGraphError, errors.InaccessibleTensorError)


def call_of_layer(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a layer's `call` gives: a user's is converted, unless AutoGraph is off here.

    Raises:
      TypeError: a tensor was to decide where nothing is converted.
    """
    try:
        return (function if conversion.is_off() else calls.callee(function))(*args, **kwargs)
    except Exception as error:
        raise_for_layer(error)


def raise_for_layer(error: Exception) -> NoReturn:
    """Raise what a layer's `call` has raised, as TensorFlow's layers do.

    Raises:
      TypeError: a tensor was to decide where nothing is converted; else an error as of converted code.
    """
    try:
        if conversion.is_off():
            raise error
        raise_saying_where(error)
    except errors.OperatorNotAllowedInGraphError as refused:
        raise TypeError("You are attempting to use Python control flow in a layer that was not declared to be dynamic. "
                        f'Pass `dynamic=True` to the class constructor.\nEncountered error:\n"""\n{refused}\n"""'
                        ) from error


@export("autograph.experimental.do_not_convert")
def do_not_convert(func: Any = None) -> Any:
    """Decorator: leave a function as it is when converted code calls it.

    Args:
      func: the function.
    """
    if func is None:
        return do_not_convert

    @functools.wraps(func)
    def as_it_is(*args: Any, **kwargs: Any) -> Any:
        with conversion.converted(False):
            return func(*args, **kwargs)

    return calls.mark(as_it_is)
