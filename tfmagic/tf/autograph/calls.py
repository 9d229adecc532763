"""Which functions are converted when converted code calls them, and the conversion of one."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import os
import sys
import sysconfig
import types
import weakref
from types import CodeType, FunctionType
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.tf.autograph import builtins, converting, operators, source, undefined
from tfmagic.tf.autograph.converting import OPERATORS, NotConvertibleError
from tfmagic.tf.autograph.source import NoSourceError

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
# Code that is not the user's: TensorFlow's own, Python's and that of installed packages.
FOREIGN = tuple({_PACKAGE, *(os.path.join(path, "") for name, path in sysconfig.get_paths().items()
                              if name in ("stdlib", "platstdlib", "purelib", "platlib"))})
_MARK = "_autograph_leaves"
_converted: weakref.WeakKeyDictionary[CodeType, dict[bool, Any]] = weakref.WeakKeyDictionary()


class ConversionError(Exception):
    """A function cannot be converted."""


def mark(function: Any) -> Any:
    """Note on a function that it is not to be converted, or has been already."""
    with contextlib.suppress(AttributeError):  # a method: its function has the note, or is converted like any other
        setattr(function, _MARK, True)
    return function


class _Operators(types.SimpleNamespace):
    """What `ag__` is in converted code."""


def _namespace(recursive: bool) -> _Operators:
    return _Operators(
        if_stmt=operators.if_stmt, while_stmt=operators.while_stmt, for_stmt=operators.for_stmt,
        if_exp=operators.if_exp, and_=operators.and_, or_=operators.or_, not_=operators.not_,
        read=undefined.read, write=undefined.write, is_undefined=undefined.is_undefined, result=undefined.result,
        NO_RESULT=undefined.NO_RESULT, converted=mark, call=callee if recursive else _built_in)


def _built_in(function: Any) -> Any:
    """What a call of `function` calls where only Python's own functions are replaced."""
    try:
        return builtins.FOR_TENSORS.get(function, function)
    except TypeError:
        return function  # it has no hash


def callee(function: Any) -> Any:
    """What a call of `function` in converted code calls."""
    kind = type(function)
    if kind is types.BuiltinFunctionType or kind is type:
        return _built_in(function)
    if kind is FunctionType:
        return converted(function) if _is_users(function) else function
    if kind is types.MethodType:
        inner = function.__func__
        if type(inner) is FunctionType and _is_users(inner):
            return types.MethodType(converted(inner), function.__self__)
        return function
    if kind is functools.partial:
        return functools.partial(callee(function.func), *function.args, **function.keywords)
    if isinstance(function, type):
        return function
    called = getattr(kind, "__call__", None)  # noqa: B004  # the method itself is wanted
    if type(called) is FunctionType and _is_users(called):
        return types.MethodType(converted(called), function)
    return function


def _is_users(function: FunctionType) -> bool:
    """Whether a function is the user's own, and not marked."""
    if getattr(function, _MARK, False):
        return False
    filename = function.__code__.co_filename
    return not filename.startswith(FOREIGN) and not filename.startswith("<frozen")


def converted(function: FunctionType) -> Any:
    """A function converted; itself where that cannot be, with a warning at the first time."""
    try:
        return convert(function, recursive=True)
    except (ConversionError, NoSourceError) as error:
        tf_logging.warning(f"Entity {function} could not be transformed and will be executed as-is. Please report "
                           "this to the AutoGraph team. When filing the bug, set the verbosity to 10 (on Linux, "
                           f"`export AUTOGRAPH_VERBOSITY=10`) and attach the full output. Cause: {error}")
        return mark(function)


def convert(function: FunctionType, recursive: bool) -> FunctionType:
    """A function that does the same with tensors too.

    Args:
      function: a function of the user's.
      recursive: whether those that it calls are converted as well.

    Raises:
      ConversionError: it is a generator, or asynchronous.
      NoSourceError: its source is not at hand.
    """
    known = _converted.setdefault(function.__code__, {})
    code = known.get(recursive)
    if code is None:
        code = known[recursive] = _code(function)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    cells[OPERATORS] = types.CellType(_namespace(recursive))
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__,
                        tuple(cells[name] for name in code.co_freevars))
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__ = function.__qualname__
    made.__module__, made.__doc__ = function.__module__, function.__doc__
    mark(made)
    return made


def _code(function: FunctionType) -> CodeType:
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise ConversionError("Generators are not supported by AutoGraph")
    return _compiled(tree(function), function)


def tree(function: FunctionType) -> ast.FunctionDef | ast.Lambda:
    """The tree of a function, converted.

    Raises:
      ConversionError: it has something that cannot be converted.
      NoSourceError: its source is not at hand.
    """
    node = source.tree_of(function)
    if isinstance(node, ast.FunctionDef):
        node.decorator_list, node.returns = [], None
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is not None:
            argument.annotation = None
    # The values come from the function itself.
    arguments.defaults = [ast.copy_location(ast.Constant(None), default) for default in arguments.defaults]
    arguments.kw_defaults = [default and ast.copy_location(ast.Constant(None), default)
                             for default in arguments.kw_defaults]
    outer = function.__qualname__.split(".")[-2:-1]
    try:
        return converting.convert(node, outer[0] if outer and outer[0] != "<locals>" else "")
    except NotConvertibleError as error:
        raise ConversionError(str(error)) from None


def _compiled(node: ast.FunctionDef | ast.Lambda, function: FunctionType) -> CodeType:
    """The code of a converted function; the names that it takes from around it stay free."""
    free = [*function.__code__.co_freevars, OPERATORS]
    name = f"{OPERATORS}made"  # not its own: a function that calls itself means the one of its module
    if isinstance(node, ast.FunctionDef):
        node.name = name
    made: ast.stmt = node if isinstance(node, ast.FunctionDef) else ast.Assign([ast.Name(name, ast.Store())], node)
    bound = ast.Return(ast.Name(name, ast.Load()))
    around = ast.FunctionDef("around", ast.arguments([], [ast.arg(each) for each in free], None, [], [], None, []),
                             [made, bound], [], None)
    if sys.version_info >= (3, 12):
        around.type_params = []
    ast.copy_location(around, node)
    module = ast.fix_missing_locations(ast.Module([around], []))
    code = compile(module, function.__code__.co_filename, "exec", dont_inherit=True)
    inner = _code_in(_code_in(code, "around"), name if isinstance(node, ast.FunctionDef) else "<lambda>")
    return _renamed(inner, function.__code__.co_name)


def _code_in(code: CodeType, name: str) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)


def _renamed(code: CodeType, name: str) -> CodeType:
    """Code in which the parts of statements have the name of the function that they come from."""
    constants = tuple(_renamed(c, name if c.co_name.startswith(OPERATORS) or c.co_name == "<lambda>" else c.co_name)
                      if isinstance(c, CodeType) else c for c in code.co_consts)
    options: dict[str, Any] = {"co_qualname": name} if sys.version_info >= (3, 11) else {}
    return code.replace(co_consts=constants, co_name=name, **options)

