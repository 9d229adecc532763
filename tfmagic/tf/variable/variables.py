"""tf.Variable: what all variables have in common, and how one comes to be made as a reference or a resource."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.base.slots import Slot
from tfmagic.graph import context
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor, register_tensor_conversion_function
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Reference, Tensor
from tfmagic.tf.variable.save_slices import SaveSliceInfo

_CREATORS = "variable_creators"  # where a graph keeps the functions of `variable_creator_scope`


@export("VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When the copies of a distributed variable are brought together; one machine knows no difference."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@export("VariableAggregation")
class VariableAggregation(enum.Enum):
    """How the updates of a distributed variable are combined; one machine knows no difference."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796  # the former name


@export("init_scope")
@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """Lift the operations made within out of branches, loops, control dependencies and functions (variables are made
    so)."""
    graph = get_default_graph()
    if not graph.building_function:
        with graph.control_dependencies(None):
            yield
        return
    scope = graph.get_name_scope()
    while graph.building_function:
        graph = graph.outer_graph
    with graph.as_default(), graph.control_dependencies(None), graph.name_scope(scope + "/" if scope else ""):
        yield


@export("Variable")
class Variable:
    """A tensor that keeps its value between runs of a session, until an assignment changes it.

    Args:
      initial_value: a tensor or what converts to one, or a function without arguments that makes it.
      trainable: whether optimizers change it (the default).
      collections: the graph collections to add it to; by default `GraphKeys.GLOBAL_VARIABLES`.
      validate_shape: False lets the shape be unknown.
      caching_device: a device that keeps a copy for reading.
      name: by default "Variable", made unique.
      variable_def: a `VariableDef` proto to find the variable's nodes by, instead of making them.
      dtype: the type to which `initial_value` is converted.
      expected_shape: ignored; deprecated.
      import_scope: a name scope in front of the names in `variable_def`.
      constraint: a function of the value that optimizers apply after an update.
      use_resource: whether to make a resource variable instead of a reference.
      shape: the shape, where it is not that of `initial_value`.

    Raises:
      ValueError: no initial value, or one without a fully known shape.
    """

    _constraint: Any
    _trainable: bool
    _save_slice_info: Any
    _caching_device: Any
    _synchronization: VariableSynchronization
    _aggregation: VariableAggregation

    __array_priority__ = 100  # NumPy arrays leave `array + variable` to the variable

    def __new__(cls, initial_value: Any = None, trainable: bool | None = None, collections: Any = None,
                validate_shape: bool = True, caching_device: Any = None, name: str | None = None,
                variable_def: Any = None, dtype: Any = None, expected_shape: Any = None,
                import_scope: str | None = None, constraint: Any = None, use_resource: bool | None = None,
                synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                aggregation: VariableAggregation = VariableAggregation.NONE, shape: Any = None) -> Variable:
        arguments = {
            "initial_value": initial_value, "trainable": trainable, "collections": collections,
            "validate_shape": validate_shape, "caching_device": caching_device, "name": name,
            "variable_def": variable_def, "dtype": dtype, "expected_shape": expected_shape,
            "import_scope": import_scope, "constraint": constraint, "use_resource": use_resource,
            "synchronization": synchronization, "aggregation": aggregation, "shape": shape}
        if cls is Variable:
            make: Callable[..., Any] = _make_kind
            for creator in get_default_graph()._stacks.others.get(_CREATORS, ()):
                make = _wrapped(creator, make)
            return make(**arguments)
        variable = object.__new__(cls)
        del arguments["use_resource"], arguments["expected_shape"]
        variable_def, import_scope = arguments.pop("variable_def"), arguments.pop("import_scope")
        if variable_def is None:
            variable._make(**arguments)
        elif arguments["initial_value"] is not None:
            raise ValueError("variable_def and initial_value are mutually exclusive.")
        else:
            variable._find(variable_def, import_scope)
        return variable

    def __init__(self, *args: Any, **kwargs: Any):
        """Everything is done by `__new__`, which knows the kind of variable to make."""

    _make: Callable[..., None]  # how a kind of variable makes its nodes
    _find: Callable[..., None]  # how it finds them in a graph, by a `VariableDef`

    def _take_common(self, initial_value: Any, trainable: bool | None, collections: Any, constraint: Any,
                     caching_device: Any, synchronization: Any, aggregation: Any) -> list[Any]:
        """Check and keep what both kinds of variables take in the same way; gives the collections to add to."""
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if collections is None:
            collections = [GraphKeys.GLOBAL_VARIABLES]
        if not isinstance(collections, (list, tuple, set)):
            raise ValueError("collections argument to Variable constructor must be a list, tuple, or set. Got "
                             f"{collections} of type {type(collections)}")
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._constraint = constraint
        self._trainable = trainable_by_default(trainable, synchronization)
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._caching_device = caching_device
        self._save_slice_info = None
        collections = list(collections)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections.append(GraphKeys.TRAINABLE_VARIABLES)
        return collections

    # --- what a variable is -------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")

    __hash__ = object.__hash__

    def __reduce__(self) -> Any:
        raise TypeError(f"Variable '{self.name}' belongs to a graph and cannot be pickled; save its value with "
                        "tf.train.Saver, or run it.")

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: Any) -> Variable:
        raise NotImplementedError("__deepcopy__() is only available when eager execution is enabled.")

    @property
    def name(self) -> str:
        """The name of the variable's tensor ("Variable:0")."""
        raise NotImplementedError

    @property
    def op(self) -> Operation:
        """The operation that holds the variable."""
        raise NotImplementedError

    @property
    def dtype(self) -> DType:
        raise NotImplementedError

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        raise NotImplementedError

    @property
    def initializer(self) -> Operation:
        """The operation that sets the variable to its initial value."""
        raise NotImplementedError

    @property
    def initial_value(self) -> Tensor:
        """The tensor with the initial value."""
        raise NotImplementedError

    @property
    def device(self) -> str:
        return self.op.device

    @property
    def graph(self) -> Any:
        return self.op.graph

    @property
    def constraint(self) -> Any:
        """The function that optimizers apply to the value after an update, or None."""
        return self._constraint

    @property
    def trainable(self) -> bool:
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        return self._aggregation

    @property
    def _shared_name(self) -> str:
        return self.name[:self.name.index(":")]

    @property
    def _unique_id(self) -> str:
        return self._shared_name

    @property
    def _in_graph_mode(self) -> bool:
        return True

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def experimental_ref(self) -> Reference:
        """A hashable stand-in for this variable."""
        return Reference(self)

    # --- reading and writing ------------------------------------------------------------------------------------

    def value(self) -> Tensor:
        """The tensor through which the value is read."""
        raise NotImplementedError

    def read_value(self) -> Tensor:
        """A new tensor with the value at the time when it runs."""
        raise NotImplementedError

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """A node that sets the variable to `value`; gives the new value, or the operation if not `read_value`."""
        raise NotImplementedError

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that adds `delta`; gives the new value, or the operation if not `read_value`."""
        raise NotImplementedError

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that subtracts `delta`; gives the new value, or the operation if not `read_value`."""
        raise NotImplementedError

    def _scatter(self, kind: str, sparse_delta: Any, use_locking: bool, name: str | None) -> Any:
        """A node that changes rows by an `IndexedSlices`; gives the new value."""
        raise NotImplementedError

    def _scatter_nd(self, kind: str, indices: Any, updates: Any, name: str | None) -> Any:
        """A node that changes elements or slices; gives the new value."""
        raise NotImplementedError

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Subtracts an `IndexedSlices` from rows."""
        return self._scatter("sub", sparse_delta, use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Adds an `IndexedSlices` to rows."""
        return self._scatter("add", sparse_delta, use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Takes the larger of rows and an `IndexedSlices`."""
        return self._scatter("max", sparse_delta, use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Takes the smaller of rows and an `IndexedSlices`."""
        return self._scatter("min", sparse_delta, use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Multiplies rows by an `IndexedSlices`."""
        return self._scatter("mul", sparse_delta, use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Divides rows by an `IndexedSlices`."""
        return self._scatter("div", sparse_delta, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replaces rows by an `IndexedSlices`."""
        return self._scatter("update", sparse_delta, use_locking, name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtracts from elements or slices (see `tf.scatter_nd_sub`)."""
        return self._scatter_nd("sub", indices, updates, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Adds to elements or slices (see `tf.scatter_nd_add`)."""
        return self._scatter_nd("add", indices, updates, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Replaces elements or slices (see `tf.scatter_nd_update`)."""
        return self._scatter_nd("update", indices, updates, name)

    @deprecated(None, "Prefer Dataset.range instead.", module="tensorflow.python.ops.variables",
                name="Variable.count_up_to")
    def count_up_to(self, limit: int) -> Tensor:
        """Counts up by one until `limit`; gives the value before (see `tf.count_up_to`)."""
        from tfmagic.ops.state.assign import count_up_to

        return count_up_to(self, limit)

    def numpy(self) -> Any:
        raise NotImplementedError("numpy() is only available when eager execution is enabled.")

    def eval(self, session: Any = None) -> Any:
        """The value of this variable in `session` or the default session, as a NumPy array."""
        return self._as_graph_element().eval(session=session)

    @deprecated(None, "Use Variable.read_value. Variables in 2.X are initialized automatically both in eager and "
                "graph (inside tf.defun) contexts.", module="tensorflow.python.ops.variables",
                name="Variable.initialized_value")
    def initialized_value(self) -> Tensor:
        """The value, or the initial value while the variable is not initialised: to initialise others from it."""
        return self._initialized_value()

    def _initialized_value(self) -> Tensor:
        from tfmagic.ops.control_flow.cond import cond

        with init_scope():
            return cond(is_variable_initialized(self), self.read_value, lambda: self.initial_value)

    @deprecated(None, "Prefer Variable.assign which has equivalent behavior in 2.X.",
                module="tensorflow.python.ops.variables", name="Variable.load")
    def load(self, value: Any, session: Any = None) -> None:
        """Sets the variable to a value at once, without adding nodes.

        Args:
          value: what NumPy accepts.
          session: by default the default session.

        Raises:
          ValueError: there is no session.
        """
        session = session or context.get_default_session()
        if session is None:
            raise ValueError("Either session argument should be provided or default session should be established")
        session.run(self.initializer, {self.initializer.inputs[1]: value})

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Elements or slices of the variable (see `tf.gather_nd`)."""
        raise NotImplementedError

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Rows of the variable (see `tf.gather`)."""
        raise NotImplementedError

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        """Replaces rows, batch by batch (see `tf.batch_scatter_update`)."""
        from tfmagic.tf.variable.updates import batch_scatter_update

        return batch_scatter_update(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def set_shape(self, shape: Any) -> None:
        """Add what is known of the static shape."""
        self._as_graph_element().set_shape(shape)
        self.value().set_shape(shape)

    def _as_control_input(self) -> Operation:
        return self.op

    def _as_graph_element(self) -> Tensor:
        raise NotImplementedError

    # --- protos -------------------------------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `VariableDef` proto, or None when the variable is not within `export_scope`."""
        raise NotImplementedError

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable whose nodes `variable_def` names, in the default graph."""
        return Variable(variable_def=variable_def, import_scope=import_scope,
                        use_resource=bool(variable_def.is_resource))

    def _take_from_proto(self, variable_def: Any) -> None:
        """What both kinds of variables take from a proto in the same way."""
        self._trainable = variable_def.trainable
        self._synchronization = VariableSynchronization(variable_def.synchronization)
        self._aggregation = VariableAggregation(variable_def.aggregation)
        self._constraint = None
        self._caching_device = None
        self._save_slice_info = None
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = SaveSliceInfo(save_slice_info_def=variable_def.save_slice_info_def)

    def _fill_proto(self, proto: Any, export_scope: str | None) -> Any:
        proto.trainable = self._trainable
        proto.synchronization = self._synchronization.value
        proto.aggregation = self._aggregation.value
        if self._save_slice_info is not None:
            proto.save_slice_info_def.MergeFrom(self._save_slice_info.to_proto(export_scope))
        return proto

    def _set_save_slice_info(self, save_slice_info: Any) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> Any:
        return self._save_slice_info

    SaveSliceInfo = SaveSliceInfo


def _operator(name: str) -> Callable[..., Any]:
    def run(self: Variable, *args: Any) -> Any:
        return getattr(Tensor, name)(self.value(), *args)

    run.__name__ = name
    return run


# Arithmetic is that of the value; `==` compares identity, as for tensors in TensorFlow 1.
for _name in Tensor.OVERLOADABLE_OPERATORS - {"__eq__", "__ne__", "__getitem__"}:
    setattr(Variable, _name, _operator(_name))


# --- making variables -----------------------------------------------------------------------------------------------


def trainable_by_default(trainable: bool | None, synchronization: VariableSynchronization) -> bool:
    """Whether a variable is trainable, when the caller may have said nothing about it."""
    on_read = synchronization == VariableSynchronization.ON_READ
    if trainable and on_read:
        raise ValueError("Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable "
                         "variables. You have specified trainable=True and "
                         "synchronization=VariableSynchronization.ON_READ.")
    return not on_read if trainable is None else trainable


_make_kind = Slot("variables of a kind")


def _wrapped(creator: Callable[..., Any], make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: creator(make, **arguments)


@export("variable_creator_scope")
@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Let a function make or change the variables that are created within a `with` block.

    Args:
      variable_creator: `(next_creator, **arguments of tf.Variable) -> variable`.
    """
    others = get_default_graph()._stacks.others
    old = others.get(_CREATORS, ())
    others[_CREATORS] = (*old, variable_creator)
    try:
        yield
    finally:
        others[_CREATORS] = old


def initial_tensor(initial_value: Any, dtype: Any) -> Tensor:
    """The initial value as a tensor; a function is called."""
    if callable(initial_value):
        initial_value = initial_value()
    return convert_to_tensor(initial_value, None if dtype is None else dtypes.as_dtype(dtype).base_dtype,
                             name="initial_value")


def refuse_control_flow(value: Tensor, name: str) -> None:
    """Refuse an initial value that was computed inside a branch or loop.

    Raises:
      ValueError: it was.
    """
    if value.op._get_control_flow_context() is not None:
        raise ValueError(f"Initializer for variable {name} is from inside a control-flow construct, such as a loop or "
                         "conditional. When creating a variable inside a loop or conditional, use a lambda as the "
                         "initializer.")


def static_shape(initial_value: Tensor, shape: Any, validate_shape: bool) -> TensorShape:
    """The static shape of a variable with a reference.

    Raises:
      ValueError: it must be known in full, and is not.
    """
    if validate_shape and not initial_value.shape.is_fully_defined():
        raise ValueError(f"initial_value must have a shape specified: {initial_value}")
    if shape is not None:
        return as_shape(shape)
    return initial_value.shape if validate_shape else TensorShape(None)


@export("is_variable_initialized")
def is_variable_initialized(variable: Any) -> Tensor:
    """A bool tensor: whether `variable` holds a value.

    Args:
      variable: a variable or a reference tensor.
    """
    from tfmagic.ops import raw

    if getattr(variable.dtype, "_is_ref_dtype", False):
        return raw.is_variable_initialized(variable)
    return variable.is_initialized()


def _to_tensor(variable: Variable, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Any:
    return variable._to_tensor(dtype, name, as_ref)  # type: ignore[attr-defined]


register_tensor_conversion_function(Variable, _to_tensor, 0)
