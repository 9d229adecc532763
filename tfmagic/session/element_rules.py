"""Rules: what a call of torch on single numbers is in code for LLVM.

1. A rule takes the types of the arguments as they are: what torch would convert first has none.
2. Results are torch's to the last bits: infinities, NaN, whole numbers that wrap around. Nothing is reassociated.
3. What can fail has no rule: a division of whole numbers only by some that are known, and above 0.
4. Bytes are only read: whatever is computed of them, they are converted first.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.base.machine.code import Code, number
from tfmagic.base.machine.functions import Real

KINDS = {torch.float32: "float", torch.float64: "double", torch.int32: "i32", torch.int64: "i64", torch.bool: "i1",
         torch.uint8: "i8"}
_FLOATS = frozenset({"float", "double"})
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class Value(NamedTuple):
    """A number in the code.

    Attributes:
      text: its name, or a constant.
      kind: LLVM's type.
    """

    text: str
    kind: str


# A rule writes code for the values of the tensors among its arguments, and is given the other arguments as they are.
Rule = Callable[..., str]


def literal(value: Any, kind: str) -> str | None:
    """A Python number as a constant of a type, where it is one."""
    if kind in _FLOATS:
        return number(float(value), kind) if type(value) in (int, float) else None
    if kind == "i1":
        return str(value).lower() if type(value) is bool else None
    bits = int(kind[1:])
    return str(value) if type(value) is int and -(1 << bits - 1) <= value < 1 << bits - 1 else None


def rule_of(node: fx.Node, constants: dict[str, Any]) -> tuple[str, tuple[Any, ...]] | None:
    """The name of the rule for a node, and its arguments: nodes and Python numbers; None where there is no rule.

    Args:
      constants: those of the plan; scalars among them are numbers of the code.
    """
    if node.op == "call_function":
        name = _NAMES.get(node.target)
    else:
        name = str(node.target) if node.op == "call_method" and node.target in _METHODS else None
        if node.op == "call_method" and node.target in _CASTS and len(node.args) == 1 and not node.kwargs:
            cast = (node.args[0], _CASTS[str(node.target)])
            return ("to", cast) if _fits("to", node, cast) else None
    if name is None or name == "remainder" and not _can_divide(node.args[1], constants):
        return None
    given = dict(node.kwargs)
    known = _KEYWORDS.get(name, ())
    if given.pop("inplace", False) or not set(given) <= set(known):
        return None
    args = (*node.args, *(given[keyword] for keyword in known if keyword in given))
    args = tuple(_settled(arg, constants) for arg in args)
    return (name, args) if _fits(name, node, args) else None


def _settled(argument: Any, constants: dict[str, Any]) -> Any:
    if isinstance(argument, fx.Node) and argument.op == "get_attr":
        value = constants[str(argument.target)]
        if isinstance(value, torch.Tensor) and value.ndim == 0 and value.dtype in KINDS:
            return value.item()
    return argument


def _can_divide(divisor: Any, constants: dict[str, Any]) -> bool:
    """Whether a divisor is known, and all its numbers are above 0."""
    if isinstance(divisor, fx.Node) and divisor.op == "get_attr":
        divisor = constants[str(divisor.target)]
    return isinstance(divisor, torch.Tensor) and bool((divisor > 0).all()) or type(divisor) is int and divisor > 0


def _kind(node: fx.Node) -> str | None:
    meta = node.meta.get("val")
    return KINDS.get(meta.dtype) if isinstance(meta, torch.Tensor) else None


def _fits(name: str, node: fx.Node, args: tuple[Any, ...]) -> bool:
    """Whether the rule of that name is for these types."""
    result, kinds = _kind(node), [_kind(arg) for arg in args if isinstance(arg, fx.Node)]
    if result is None or None in kinds or not kinds:
        return False
    if name == "to":
        return len(args) == 2 and isinstance(args[1], torch.dtype) and (kinds[0], result) in _CONVERSIONS
    if name == "where":
        if len(args) != 3 or not isinstance(args[0], fx.Node) or kinds.pop(0) != "i1":
            return False
        args = args[1:]
    kind = kinds[0] if kinds and name in _ASKING else result
    if any(other != kind for other in kinds) or kind == "i8" and name != "where" \
            or kind in _FLOATS and name == "remainder":
        return False
    if name in _LOGICAL:
        return kind == "i1" and len(kinds) == len(args)
    if name != "where" and (kind == "i1" or kind not in _FLOATS and name not in _OF_INTEGERS):
        return False
    if name in _SETTINGS:
        if not isinstance(args[0], fx.Node) or len(args) != _COUNTS.get(name, len(args)):
            return False
        return all(type(arg) in (int, float, bool) for arg in args[1:] if not isinstance(arg, fx.Node)) and \
            (name != "pow" or args[1] in _POWERS) and (name != "softplus" or args[1] == 1)
    return all(isinstance(arg, fx.Node) or literal(arg, str(kind)) is not None for arg in args)


def write(code: Code, name: str, args: tuple[Any, ...], known: dict[fx.Node, Value], result: str) -> str:
    """Write what the rule of that name makes of its arguments; the name of the value.

    Args:
      known: the values of nodes.
      result: the type of the value.
    """
    kinds = {known[arg].kind for arg in args if isinstance(arg, fx.Node)}
    kind = kinds.pop() if name in _ASKING else result

    def value(arg: Any) -> Any:
        if isinstance(arg, fx.Node):
            return known[arg]
        return arg if name in _SETTINGS else Value(str(literal(arg, kind)), kind)

    return _RULES[name](code, *map(value, args))


def combined(code: Code, name: str, x: Value, y: Value) -> str:
    """Write what a rule of two numbers makes of them."""
    return _RULES[name](code, x, y)


# --- the rules -------------------------------------------------------------------------------------------------------


def _arithmetic(of_floats: str, of_integers: str) -> Rule:
    def rule(code: Code, x: Value, y: Value) -> str:
        return code.let(f"{of_floats if x.kind in _FLOATS else of_integers} {x.kind} {x.text}, {y.text}")

    return rule


def _comparison(of_floats: str, of_integers: str) -> Rule:
    def rule(code: Code, x: Value, y: Value) -> str:
        how = f"fcmp {of_floats}" if x.kind in _FLOATS else f"icmp {of_integers}"
        return code.let(f"{how} {x.kind} {x.text}, {y.text}")

    return rule


def _logical(instruction: str) -> Rule:
    return lambda code, x, y: code.let(f"{instruction} i1 {x.text}, {y.text}")


def _real(function: Callable[..., str]) -> Rule:
    """A rule of floats alone: `function` gets their arithmetic, names and Python numbers."""
    def rule(code: Code, *values: Any) -> str:
        kind = next(value.kind for value in values if isinstance(value, Value))
        return function(Real(code, kind), *(value.text if isinstance(value, Value) else value for value in values))

    return rule


def _extreme(of_floats: str, of_integers: str, past_nan: bool = False) -> Rule:
    def rule(code: Code, x: Value, y: Value) -> str:
        if x.kind not in _FLOATS:
            first = code.let(f"icmp {of_integers} {x.kind} {x.text}, {y.text}")
            return code.let(f"select i1 {first}, {x.kind} {x.text}, {y.kind} {y.text}")
        real = Real(code, x.kind)
        one = real.choose(real.compare(of_floats, x.text, y.text), x.text, y.text)
        if past_nan:
            return real.choose(real.compare("uno", y.text, y.text), x.text, one)
        return real.choose(real.compare("uno", x.text, y.text), real.do("fadd", x.text, y.text), one)

    return rule


def _neg(code: Code, x: Value) -> str:
    return code.let(f"fneg {x.kind} {x.text}" if x.kind in _FLOATS else f"sub {x.kind} 0, {x.text}")


def _abs(code: Code, x: Value) -> str:
    if x.kind in _FLOATS:
        return Real(code, x.kind).call("fabs", x.text)
    negative = code.let(f"icmp slt {x.kind} {x.text}, 0")
    return code.let(f"select i1 {negative}, {x.kind} {_neg(code, x)}, {x.kind} {x.text}")


def _square(code: Code, x: Value) -> str:
    return _multiply(code, x, x)


def _where(code: Code, condition: Value, x: Value, y: Value) -> str:
    return code.let(f"select i1 {condition.text}, {x.kind} {x.text}, {y.kind} {y.text}")


def _to(code: Code, x: Value, dtype: torch.dtype) -> str:
    return code.let(f"{_CONVERSIONS[x.kind, KINDS[dtype]]} {x.kind} {x.text} to {KINDS[dtype]}")


def _remainder(code: Code, x: Value, y: Value) -> str:
    left = code.let(f"srem {x.kind} {x.text}, {y.text}")
    raised = code.let(f"add {x.kind} {left}, {y.text}")
    return code.let(f"select i1 {code.let(f'icmp slt {x.kind} {left}, 0')}, {x.kind} {raised}, {x.kind} {left}")


def _power(real: Real, x: str, exponent: float) -> str:
    if exponent == 0.5:
        return real.call("sqrt", x)
    if exponent == 1:
        return real.do("fmul", x, 1.0)
    if exponent == -1:
        return real.do("fdiv", real.const(1.0), x)
    square = real.do("fmul", x, x)
    return square if exponent == 2 else real.do("fmul", square, x)


def _sign(real: Real, x: str) -> str:
    below = real.choose(real.compare("olt", x, 0.0), -1.0, 0.0)
    return real.choose(real.compare("ogt", x, 0.0), 1.0, below)


def _elu(real: Real, x: str, alpha: float = 1.0) -> str:
    return real.choose(real.compare("ogt", x, 0.0), x, real.do("fmul", real.expm1(x, 0.0), alpha))


def _selu(real: Real, x: str) -> str:
    return real.do("fmul", _elu(real, x, _SELU_ALPHA), _SELU_SCALE)


def _leaky_relu(real: Real, x: str, slope: float = 0.01) -> str:
    return real.choose(real.compare("ogt", x, 0.0), x, real.do("fmul", x, slope))


def _leaky_relu_backward(real: Real, dy: str, x: str, slope: float, of_result: bool) -> str:
    return real.choose(real.compare("ogt", x, 0.0), dy, real.do("fmul", dy, slope))


def _sigmoid_backward(real: Real, dy: str, y: str) -> str:
    return real.do("fmul", real.do("fmul", dy, real.do("fsub", real.const(1.0), y)), y)


def _tanh_backward(real: Real, dy: str, y: str) -> str:
    return real.do("fmul", dy, real.do("fsub", real.const(1.0), real.do("fmul", y, y)))


def _nan_to_num(real: Real, x: str, nan: float, highest: float, lowest: float) -> str:
    finite = real.choose(real.compare("oeq", x, -math.inf), lowest, real.choose(
        real.compare("oeq", x, math.inf), highest, x))
    return real.choose(real.compare("uno", x, x), nan, finite)


def _isfinite(real: Real, x: str) -> str:
    return real.compare("olt", real.call("fabs", x), math.inf)


def _expm1(real: Real, x: str) -> str:
    far = 20.0 if real.kind == "float" else 40.0
    return real.choose(real.compare("ogt", x, far), real.exp(x), real.expm1(x, far))


def _log1p(real: Real, x: str) -> str:
    moved = real.do("fadd", x, 1.0)
    lost = real.do("fsub", real.do("fsub", moved, 1.0), x)
    value = real.log(moved)
    near = real.do("fsub", value, real.do("fdiv", lost, moved))
    inside = real.do("fsub", moved, moved)  # 0, where it is finite
    near = real.choose(real.compare("oeq", inside, 0.0), near, value)
    value = real.choose(real.compare("ogt", moved, 0.0), near, value)
    return real.choose(real.compare("oeq", x, 0.0), x, value)


def _softplus(real: Real, x: str, beta: float, threshold: float) -> str:
    return real.choose(real.compare("ogt", x, threshold), x, _log1p(real, real.exp(x)))


def _clamp(real: Real, x: str, low: float, high: float) -> str:
    return real.within(x, low, high)


_multiply = _arithmetic("fmul", "mul")
_POWERS = (0.5, 1, 2, 3, -1)
_CONVERSIONS = {("float", "double"): "fpext", ("double", "float"): "fptrunc", ("i32", "i64"): "sext",
                ("i64", "i32"): "trunc", **{(whole, kind): "sitofp" for whole in ("i32", "i64") for kind in _FLOATS},
                **{("i1", kind): "uitofp" for kind in _FLOATS}, ("i1", "i32"): "zext", ("i1", "i64"): "zext",
                **{("i8", kind): "uitofp" for kind in _FLOATS}, ("i8", "i32"): "zext", ("i8", "i64"): "zext"}
_RULES: dict[str, Rule] = {
    "add": _arithmetic("fadd", "add"), "sub": _arithmetic("fsub", "sub"), "mul": _multiply,
    "div": _arithmetic("fdiv", ""), "neg": _neg, "abs": _abs, "square": _square,
    "remainder": _remainder, "maximum": _extreme("ogt", "sgt"), "minimum": _extreme("olt", "slt"),
    "fmax": _extreme("ogt", "sgt", past_nan=True), "fmin": _extreme("olt", "slt", past_nan=True),
    "where": _where, "to": _to,
    "lt": _comparison("olt", "slt"), "le": _comparison("ole", "sle"), "gt": _comparison("ogt", "sgt"),
    "ge": _comparison("oge", "sge"), "eq": _comparison("oeq", "eq"), "ne": _comparison("une", "ne"),
    "logical_and": _logical("and"), "logical_or": _logical("or"), "logical_xor": _logical("xor"),
    "logical_not": lambda code, x: code.let(f"xor i1 {x.text}, true"),
    "exp": _real(Real.exp), "log": _real(Real.log), "tanh": _real(Real.tanh), "sigmoid": _real(Real.sigmoid),
    "sqrt": _real(lambda real, x: real.call("sqrt", x)),
    "rsqrt": _real(lambda real, x: real.do("fdiv", real.const(1.0), real.call("sqrt", x))),
    "reciprocal": _real(lambda real, x: real.do("fdiv", real.const(1.0), x)),
    "trunc": _real(lambda real, x: real.call("trunc", x)),
    "floor": _real(lambda real, x: real.call("floor", x)), "ceil": _real(lambda real, x: real.call("ceil", x)),
    "round": _real(lambda real, x: real.call("roundeven", x)), "sign": _real(_sign), "pow": _real(_power),
    "relu": _real(lambda real, x: real.choose(real.compare("ole", x, 0.0), 0.0, x)), "clamp": _real(_clamp),
    "softsign": _real(lambda real, x: real.do("fdiv", x, real.do("fadd", real.call("fabs", x), 1.0))),
    "elu": _real(_elu), "selu": _real(_selu), "leaky_relu": _real(_leaky_relu),
    "leaky_relu_backward": _real(_leaky_relu_backward), "sigmoid_backward": _real(_sigmoid_backward),
    "tanh_backward": _real(_tanh_backward), "nan_to_num": _real(_nan_to_num), "isfinite": _real(_isfinite),
    "isnan": _real(lambda real, x: real.compare("uno", x, x)),
    "isinf": _real(lambda real, x: real.compare("oeq", real.call("fabs", x), math.inf)),
    "expm1": _real(_expm1), "log1p": _real(_log1p), "softplus": _real(_softplus),
}
_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
# What gives a bool, whatever it is asked about.
_ASKING = _COMPARISONS | {"isfinite", "isnan", "isinf"}
_LOGICAL = frozenset({"logical_and", "logical_or", "logical_xor", "logical_not"})
_OF_INTEGERS = _COMPARISONS | {"add", "sub", "mul", "neg", "abs", "square", "maximum", "minimum", "where",
                                "remainder"}
# Whose Python numbers are settings; others take them in the place of tensors.
_SETTINGS = frozenset({"to", "pow", "clamp", "elu", "leaky_relu", "leaky_relu_backward", "nan_to_num", "softplus"})
_KEYWORDS = {"elu": ("alpha",), "leaky_relu": ("negative_slope",), "clamp": ("min", "max"),
             "nan_to_num": ("nan", "posinf", "neginf")}
# How many arguments those have that torch lets one leave out.
_COUNTS = {"clamp": 3, "nan_to_num": 4, "softplus": 3}
_METHODS = frozenset({"add", "sub", "mul", "div", "to", "neg", "abs", "square", "sqrt", "exp", "lt", "le", "gt", "ge",
                      "eq", "ne"})
_CASTS = {"float": torch.float32, "double": torch.float64, "int": torch.int32, "long": torch.int64}
_NAMES: dict[Any, str] = {}
for _name in _RULES:
    for _home in (torch, operator, torch.nn.functional):
        if callable(getattr(_home, _name, None)):
            _NAMES[getattr(_home, _name)] = _name
_NAMES[operator.truediv] = "div"
# Of what is no bool these have no rule.
_NAMES.update({operator.and_: "logical_and", operator.or_: "logical_or", operator.xor: "logical_xor"})
for _name in ("sigmoid_backward", "tanh_backward", "leaky_relu_backward"):
    _NAMES[getattr(torch.ops.aten, _name)] = _name
del _NAMES[operator.pow]
