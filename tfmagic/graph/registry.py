"""Behaviour of ops by type: shape rule, kernel, gradient, static value, as their declarations give them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from tfmagic.base import source
from tfmagic.graph import opdefs
from tfmagic.graph.operation import Operation

Effect = Literal["none", "reads", "writes", "waits"]
Traced = bool | Literal["shapes"]
Memory = Literal["any", "own", "cut"]
EFFECTS: tuple[str, ...] = get_args(Effect)
MEMORY: tuple[str, ...] = get_args(Memory)


@dataclass(slots=True)
class OpDeclaration:
    """What is known of one op beyond its signature; any part may be missing.

    `ops.declare` describes what each field means to those who write declarations.

    Attributes:
      shape: `(node, *dims) -> dims`, or a tuple of dims for several outputs; a list argument comes as a list.
      kernel: `(node, *values) -> value`, or a tuple of values for several outputs.
      gradient: `(node, *output gradients) -> gradients of the inputs` (None: no gradient flows).
      static: `(node, *NumPy arrays) -> NumPy array`: the output's value where the inputs' are known while the
        graph is built.
      host: names of the inputs that the kernel takes as Python values.
      open_numbers: `(node, *values) -> whether the kernel traces` with values of the plan among numbers of host inputs.
      reads: names of the inputs whose variables' values the kernel takes.
      writes: names of the inputs that name variables to be changed.
      state: makes the object that a session keeps for the node between runs.
      traced: True: the kernel takes proxies; "shapes": it does where the shapes of its inputs are known; False: it is
        called at run time. Or a function of the node that says which.
      because: why the kernel does not trace.
      effect: what a call does beside giving its outputs: "none", "reads", "writes" or "waits".
      repeats: whether a run that begins anew may do it again.
      sizes: name of the input whose value is the output's shape.
      objects: whether the kernel traces to calls on an object of the run.
      sparse: whether a sparse tensor may be given: the op then takes its values, and gives a sparse tensor.
      from_shapes: whether the shapes of the inputs settle the output's value.
      settles: `(node, *what is known of the inputs) -> for each output its value, where that tells it, else None`.
      work: `(node, *dims) -> how many operations the kernel does`.
      memory: whose memory the outputs of a kernel called at run time have: "any", "own" or "cut".
      check: `(node, *dims) -> TensorFlow's words (or error) for shapes that its kernel refuses`, or None; "": it takes
        them, whatever the shape rule says while the graph is built.
      explain: `(node, *values) -> TensorFlow's words for a run that failed with these values`, or None.
      functions: by the name of a list input ("" for none), the attr that names the function which captures it.
    """

    name: str
    shape: Callable[..., Any] | None = None
    kernel: Callable[..., Any] | None = None
    gradient: Callable[..., Any] | None = None
    static: Callable[..., Any] | None = None
    doc: str | None = None
    host: tuple[str, ...] = ()
    open_numbers: Callable[..., bool] | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    state: Callable[[Any], Any] | None = None
    traced: Traced | Callable[[Any], Traced] = True
    because: str | None = None
    effect: Effect | None = None
    repeats: bool = False
    sizes: str | None = None
    objects: bool = False
    from_shapes: bool = False
    sparse: bool = False
    settles: Callable[..., Any] | None = None
    work: Callable[..., float] | None = None
    memory: Memory = "any"
    check: Callable[..., Any] | None = None
    explain: Callable[..., str | None] | None = None
    functions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.host, self.reads, self.writes = (
            (names,) if isinstance(names, str) else tuple(names) for names in (self.host, self.reads, self.writes))
        if self.functions:
            self.traced, self.because = False, self.because or "calls functions of the graph"
        if self.state is not None:
            self.traced, self.because = False, self.because or "keeps state between runs"
        if not callable(self.traced) and self.traced not in (True, False, "shapes"):
            raise ValueError(f"{self.name}: traced is True, False or 'shapes', not {self.traced!r}")
        if (self.traced is False) is not (self.because is not None):
            raise ValueError(f"{self.name}: an op that does not trace says why (because=...), any other does not")
        derived: Effect | None = "writes" if self.writes or self.state is not None else "reads" if self.reads else None
        if self.effect is not None and derived is not None:
            raise ValueError(f"{self.name}: its effect follows from what it reads, writes and keeps: {derived}")
        if self.memory not in MEMORY:
            raise ValueError(f"{self.name}: memory is one of {', '.join(MEMORY)}, not {self.memory!r}")
        self.effect = self.effect or derived or "none"
        if self.effect not in EFFECTS:
            raise ValueError(f"{self.name}: an effect is one of {', '.join(EFFECTS)}, not {self.effect!r}")


    @property
    def needs_session(self) -> bool:
        """Whether the kernel takes what a session keeps."""
        return self.state is not None or self.objects or bool(self.functions)


_declarations: dict[str, OpDeclaration] = {}
_looked_up: dict[str, OpDeclaration | None] = {}
_gradient_overrides: dict[str, Callable[..., Any] | None] = {}
_gradient_places: dict[str, source.Frames] = {}


def declare(declaration: OpDeclaration) -> None:
    """Add a declaration.

    Raises:
      ValueError: TensorFlow has no such op, or it is declared twice.
    """
    if opdefs.get(declaration.name) is None:
        raise ValueError(f"{declaration.name} is not an op of TensorFlow 1.15")
    if declaration.name in _declarations:
        raise ValueError(f"Op {declaration.name} is declared twice")
    _declarations[declaration.name] = declaration


def lookup(op_type: str) -> OpDeclaration | None:
    """The declaration of an op type, or None when only its signature is known.

    The family that declares it is imported when its first op is looked up.
    """
    try:
        return _looked_up[op_type]
    except KeyError:
        return _load(op_type)


def _load(op_type: str) -> OpDeclaration | None:
    home = opdefs.home(op_type)
    if home:
        # Another thread may be in the middle of importing it: this waits until all that a declaration needs is there.
        importlib.import_module("tfmagic." + home)
    declaration = _looked_up[op_type] = _declarations.get(op_type)
    return declaration


def declarations() -> dict[str, OpDeclaration]:
    """All declarations by op type; every family is imported."""
    for home in sorted({opdefs.home(name) for name in opdefs.names()} - {""}):
        importlib.import_module("tfmagic." + home)
    return _declarations


def register_gradient(op_type: str, function: Callable[..., Any] | None) -> None:
    """Register a user's gradient function `(op, *grads)` under a name (`tf.RegisterGradient`).

    Raises:
      KeyError: the name has a gradient already.
    """
    definition = opdefs.get(op_type)
    if op_type in _gradient_overrides or (
            definition is not None and (definition.has_gradient or definition.stops_gradients)):
        raise registered_twice("gradient", op_type, _gradient_places.get(op_type, ()))
    _gradient_overrides[op_type] = function
    _gradient_places[op_type] = source.capture()[:1]


def forget_gradient(name: str) -> None:
    """Take a user's gradient function away.

    Raises:
      KeyError: no user registered one under this name.
    """
    del _gradient_overrides[name], _gradient_places[name]


def users_gradients() -> list[str]:
    """The names under which users registered gradient functions."""
    return list(_gradient_overrides)


def registered_twice(kind: str, name: str, frames: source.Frames) -> KeyError:
    """The error for a name that is taken.

    Args:
      kind: what is registered.
      frames: who registered it; none where it came with tfmagic.
    """
    first = next(iter(source.lines(frames)), None)
    place = "tfmagic" if first is None else f"{first.function} {first.filename}:{first.lineno}"
    return KeyError(f"Registering two {kind} with name '{name}'! (Previous registration was in {place})")


def user_gradient(op_type: str) -> tuple[bool, Callable[..., Any] | None]:
    """Whether a user registered a gradient under this name, and it."""
    return op_type in _gradient_overrides, _gradient_overrides.get(op_type)


class Node:
    """An operation as its declaration sees it: attrs, inputs and outputs are attributes under their own names.

    `node.transpose_a` is the attr's plain value, `node.a` the input tensor, `node.product` the output tensor; a
    list argument is a list of tensors. `node.op` is the operation itself.

    Attributes:
      unwanted: for a gradient rule: the numbers of the inputs whose gradients it may leave out.
      device: for a kernel: the torch device of what it has an object make; None: the present one.
      named: for a kernel: what the session keeps by name (`session.resources.named.NamedObjects`).
      prepared: for a kernel: what it made at an earlier call and may use again, None before the first.
    """

    __slots__ = ("op", "unwanted", "device", "named", "prepared")

    def __init__(self, op: Operation, unwanted: frozenset[int] = frozenset()):
        self.op = op
        self.prepared: Any = None
        self.device: str | None = None
        self.named: Any = None
        self.unwanted = unwanted

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """`function(*args)`, for a function that torch.fx does not know: a plan that is being made records the call."""
        return function(*args)

    def constant(self, value: Any) -> Any:
        """`value`: an object of ours on which the kernel calls. A plan that is being made keeps it as a constant."""
        return value

    def holds(self, handle: Any, made: Any = None) -> Any:
        """What is known of the object that `handle` stands for in the plan that is being made, or None.

        Args:
          made: makes what is known, from what notes it, where this node makes the object.
        """
        return None

    def like(self, value: Any, meta: Any) -> Any:
        """`value`, which in the plan that is being made is known to be like a meta tensor (None: it is not known)."""
        return value

    def known(self, value: Any) -> Any:
        """What is known of a value while the plan is made: itself, a meta tensor that stands for it, or None."""
        return value

    def __getattr__(self, name: str) -> Any:
        op = self.op
        try:
            return op._attrs[name]
        except KeyError:
            pass
        op_def = op._op_def
        for args, tensors in ((op_def.inputs, op._inputs), (op_def.outputs, op._outputs)):
            position = 0
            for arg in args:
                count = arg_count(arg, op._attrs)
                if arg.name == name:
                    return list(tensors[position:position + count]) if arg.is_list else tensors[position]
                position += count
        attr = op_def.attrs.get(name)
        if attr is not None and attr.has_default:
            return attr.default
        raise AttributeError(f"{op.type} has no input, output or attr named {name!r}")


class LastingNode(Node):
    """A node that stays as it is: what it was asked once it knows."""

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        self.__dict__[name] = value
        return value


def arg_count(arg: opdefs.ArgDef, attrs: dict[str, Any]) -> int:
    """How many tensors an argument of an op holds."""
    if arg.number_attr is not None:
        return attrs[arg.number_attr]
    if arg.type_list_attr is not None:
        return len(attrs[arg.type_list_attr])
    return 1


def input_names(op: Operation) -> list[str]:
    """The names of an operation's inputs, one by one: those of a list are numbered, "weights:0"."""
    names = []
    for arg in op._op_def.inputs:
        if arg.is_list:
            names += [f"{arg.name}:{place}" for place in range(arg_count(arg, op._attrs))]
        else:
            names.append(arg.name)
    return names


def written_inputs(op: Operation) -> Sequence[str]:
    """Which of `input_names` name variables that an operation changes."""
    declaration = lookup(op.type)
    written = () if declaration is None else declaration.writes
    if not written or not op._op_def.takes_lists:
        return written
    return [name for name in input_names(op) if name.partition(":")[0] in written]


def grouped(args: tuple[opdefs.ArgDef, ...], attrs: dict[str, Any], values: Any) -> list[Any]:
    """One item per argument from a flat sequence: list arguments become lists."""
    result = []
    position = 0
    for arg in args:
        if arg.number_attr is None and arg.type_list_attr is None:
            result.append(values[position])
            position += 1
        else:
            count = arg_count(arg, attrs)
            result.append(list(values[position:position + count]))
            position += count
    return result
