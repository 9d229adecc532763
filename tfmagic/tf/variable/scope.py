"""tf.variable_scope and tf.get_variable: how variables are named, shared and given their defaults."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph import context
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.scopes import graph_of, name_scope
from tfmagic.tf.variable.store import AUTO_REUSE, VariableStore, variable_store
from tfmagic.tf.variable.variables import VariableAggregation, VariableSynchronization

_SCOPES = "variable_scopes"
_FIELDS = ("initializer", "regularizer", "caching_device", "partitioner", "dtype", "use_resource", "constraint")


class _Scopes:
    """The variable scope of a graph that is open on one thread, and how often scopes were opened by name."""

    def __init__(self) -> None:
        self.current = VariableScope(False)
        self.counts: dict[str, int] = {}

    def open(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def close_within(self, name: str | None) -> None:
        for key in self.counts:
            if name is None or key.startswith(name + "/"):
                self.counts[key] = 0

    def unique(self, prefix: str) -> str:
        """A name that no scope opened within the current one has: `prefix`, then `prefix_1`, ..."""
        own = self.current.name
        name = f"{own}/{prefix}" if own else prefix
        if not self.counts.get(name):
            return prefix
        number = 1
        while self.counts.get(f"{name}_{number}"):
            number += 1
        return f"{prefix}_{number}"


def scopes() -> _Scopes:
    """The variable scopes of the default graph on this thread."""
    others = get_default_graph()._variables_graph._stacks.others
    found = others.get(_SCOPES)
    if found is None:
        found = others[_SCOPES] = _Scopes()
    return found


@export("VariableScope")
class VariableScope:
    """A name for variables to be made in, and the defaults that they take from it.

    Attributes:
      name: the prefix of the names of variables, without a trailing "/".
      original_name_scope: the name scope that was opened with it, with a trailing "/".
      reuse: False, True (variables must be there) or `tf.AUTO_REUSE`.
    """

    def __init__(self, reuse: Any, name: str = "", initializer: Any = None, regularizer: Any = None,
                 caching_device: Any = None, partitioner: Any = None, custom_getter: Any = None,
                 name_scope: str = "", dtype: Any = dtypes.float32, use_resource: bool | None = None,
                 constraint: Any = None):
        self._name = name
        self._reuse = reuse
        self._initializer = initializer
        self._regularizer = regularizer
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    name = property(lambda self: self._name)
    original_name_scope = property(lambda self: self._name_scope)
    reuse = property(lambda self: self._reuse)
    initializer = property(lambda self: self._initializer)
    dtype = property(lambda self: self._dtype)
    use_resource = property(lambda self: self._use_resource)
    regularizer = property(lambda self: self._regularizer)
    caching_device = property(lambda self: self._caching_device)
    partitioner = property(lambda self: self._partitioner)
    custom_getter = property(lambda self: self._custom_getter)
    constraint = property(lambda self: self._constraint)

    def reuse_variables(self) -> None:
        """Let variables of this scope be shared from now on."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Set the default type."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Set whether variables are resources by default."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Set the default caching device."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the custom getter."""
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """The items of a collection whose names begin with this scope's."""
        return get_default_graph().get_collection(name, f"{self._name}/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, var_store: VariableStore, name: str | None, shape: Any = None, dtype: Any = None,
                     initializer: Any = None, regularizer: Any = None, reuse: Any = None,
                     trainable: bool | None = None, collections: Any = None, caching_device: Any = None,
                     partitioner: Any = None, validate_shape: bool = True, use_resource: bool | None = None,
                     custom_getter: Any = None, constraint: Any = None,
                     synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                     aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
        """The variable `name` of this scope; what the caller leaves open takes the scope's defaults."""
        # An empty name gives the scope itself with a trailing "/": a variable called as the scope (slots are so).
        full_name = self._name if name is None else f"{self._name}/{name}" if self._name else name
        # Names of variables depend on variable scopes alone, not on name scopes.
        with name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                given = convert_to_tensor(initializer).dtype.base_dtype
                if given != dtype:
                    raise ValueError(f"Initializer type '{given}' and explicit dtype '{dtype}' don't match.")
            return var_store.get_variable(
                full_name, shape=shape, dtype=self._dtype if dtype is None else dtype,
                initializer=_given(initializer, self._initializer), regularizer=_given(regularizer, self._regularizer),
                reuse=_given(reuse, self._reuse), trainable=trainable, collections=collections,
                caching_device=_given(caching_device, self._caching_device),
                partitioner=_given(partitioner, self._partitioner), validate_shape=validate_shape,
                use_resource=_given(use_resource, self._use_resource),
                custom_getter=_given(custom_getter, self._custom_getter),
                constraint=_given(constraint, self._constraint), synchronization=synchronization,
                aggregation=aggregation)


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value


@export("get_variable_scope")
def get_variable_scope() -> VariableScope:
    """The variable scope that is open."""
    return scopes().current


@export("get_variable")
def get_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
                 trainable: bool | None = None, collections: Any = None, caching_device: Any = None,
                 partitioner: Any = None, validate_shape: bool = True, use_resource: bool | None = None,
                 custom_getter: Any = None, constraint: Any = None,
                 synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                 aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
    """Makes the variable `name` of the open variable scope, or shares it where the scope says `reuse`.

    Args:
      name: its name within the scope.
      shape: its shape; None when `initializer` is a value.
      dtype: by default the scope's, float32 at the root.
      initializer: an initializer, a function without arguments, or a value; by default the scope's, else Glorot
        uniform for floats and zeros for integers.
      regularizer: a function of the variable whose result goes to `GraphKeys.REGULARIZATION_LOSSES`.
      trainable: whether optimizers change it (the default).
      collections: the graph collections to add it to; by default `GraphKeys.GLOBAL_VARIABLES`.
      caching_device: a device that keeps a copy for reading.
      partitioner: a function `(shape, dtype) -> parts of each axis` by which the variable is cut.
      validate_shape: False lets the shape be unknown.
      use_resource: whether to make a resource variable instead of a reference.
      custom_getter: a function `(getter, name, ...)` that makes or changes the variable.
      constraint: a function of the value that optimizers apply after an update.

    Returns:
      A `Variable`, or a `PartitionedVariable` when there is a partitioner.

    Raises:
      ValueError: the variable is there already, or not there, against `reuse`; shapes or types contradict.
    """
    return get_variable_scope().get_variable(
        variable_store(), name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
        trainable=trainable, collections=collections, caching_device=caching_device, partitioner=partitioner,
        validate_shape=validate_shape, use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation)


@export("get_local_variable")
def get_local_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                       regularizer: Any = None, trainable: bool | None = False, collections: Any = None,
                       caching_device: Any = None, partitioner: Any = None, validate_shape: bool = True,
                       use_resource: bool | None = None, custom_getter: Any = None, constraint: Any = None,
                       synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                       aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
    """`tf.get_variable` for a local variable: not trained, not saved, in `GraphKeys.LOCAL_VARIABLES`."""
    collections = [*(collections or ()), GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer, trainable=False,
        collections=collections, caching_device=caching_device, partitioner=partitioner,
        validate_shape=validate_shape, use_resource=use_resource, synchronization=synchronization,
        aggregation=aggregation, custom_getter=custom_getter, constraint=constraint)


class pure_variable_scope:  # a context manager, as `variable_scope`
    """A variable scope without a name scope.

    Args:
      name_or_scope: a name to add to the open scope's, or a `VariableScope` to open again.
      old_name_scope: the name scope that belongs to it.
      reuse, custom_getter, and the fields of a `VariableScope`: None inherits.
    """

    def __init__(self, name_or_scope: Any, reuse: Any = None, custom_getter: Any = None,
                 old_name_scope: str | None = None, **fields: Any):
        self._name_or_scope = name_or_scope
        self._reuse = reuse
        self._custom_getter = custom_getter
        self._old_name_scope = old_name_scope
        self._fields = {key: value for key, value in fields.items() if value is not None}
        self._entered: list[tuple[_Scopes, VariableScope, dict[str, int] | None]] = []

    def __enter__(self) -> VariableScope:
        store = scopes()
        old = store.current
        again = isinstance(self._name_or_scope, VariableScope)
        source = self._name_or_scope if again else old
        if again:
            name, own_name_scope, reuse = source._name, source._name_scope, self._reuse or source._reuse
        else:
            name = f"{old._name}/{self._name_or_scope}" if old._name else self._name_or_scope
            own_name_scope = self._name_or_scope if self._old_name_scope is None else self._old_name_scope
            reuse = self._reuse or old._reuse
        fields = {field: getattr(source, f"_{field}") for field in _FIELDS}
        fields.update(self._fields)
        scope = VariableScope(reuse, name=name, name_scope=own_name_scope, custom_getter=_chained(
            self._custom_getter, source._custom_getter), **fields)
        store.open(name)
        self._entered.append((store, old, dict(store.counts) if again else None))
        store.current = scope
        return scope

    def __exit__(self, *exc_info: Any) -> None:
        store, old, counts = self._entered.pop()
        if counts is not None:
            store.counts = counts
        else:
            store.close_within(store.current._name)
        store.current = old


def _chained(custom_getter: Any, outer: Any) -> Any:
    """A custom getter within the scope of another: the outer one is what the inner one calls."""
    if custom_getter is None or outer is None:
        return custom_getter or outer

    def chained(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return custom_getter(functools.partial(outer, getter), *args, **kwargs)

    return chained


@export("variable_scope")
class variable_scope:  # TensorFlow's name
    """Open a variable scope, and a name scope of the same name.

    Args:
      name_or_scope: a name, or a `VariableScope` to open again.
      default_name: the name when `name_or_scope` is None; made unique.
      values: tensors that say in which graph to work.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource, constraint: defaults
        of the variables made within.
      reuse: True shares variables, `tf.AUTO_REUSE` shares or makes them; None inherits.
      auxiliary_name_scope: False opens no name scope.

    Raises:
      ValueError, TypeError: arguments that contradict each other.
    """

    def __init__(self, name_or_scope: Any, default_name: str | None = None, values: Any = None,
                 initializer: Any = None, regularizer: Any = None, caching_device: Any = None,
                 partitioner: Any = None, custom_getter: Any = None, reuse: Any = None, dtype: Any = None,
                 use_resource: bool | None = None, constraint: Any = None, auxiliary_name_scope: bool = True):
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if reuse is False:  # scopes only ever add reuse to what they inherit
            reuse = None
        if not (reuse is True or reuse is None or reuse is AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}")
        self._name_or_scope = name_or_scope
        self._default_name = default_name or ""
        self._values = list(values) if values is not None else []
        self._reuse = reuse
        self._auxiliary_name_scope = auxiliary_name_scope
        self._fields = {
            "initializer": initializer, "regularizer": regularizer, "caching_device": caching_device,
            "partitioner": partitioner, "custom_getter": custom_getter, "dtype": dtype, "use_resource": use_resource,
            "constraint": constraint}
        self._entered: list[tuple[Any, Any, Any]] = []

    def __enter__(self) -> VariableScope:
        graph = graph_of(self._values)
        pushed = graph if graph is not None and graph is not get_default_graph() else None
        if pushed is not None:
            context.push_graph(pushed)
        try:
            names, pure = self._scopes()
            scope = pure.__enter__()
        except BaseException:
            if pushed is not None:
                context.pop_graph(pushed)
            raise
        self._entered.append((pushed, names, pure))
        return scope

    def _scopes(self) -> tuple[Any, pure_variable_scope]:
        """The name scope, open already (None when there is none), and the variable scope to open."""
        given = self._name_or_scope
        if given is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            names, opened = self._open_names(self._default_name)
            pure = pure_variable_scope(scopes().unique(self._default_name), old_name_scope=opened, **self._fields)
            return names, pure
        if not isinstance(given, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        last = given if isinstance(given, str) else given.name.split("/")[-1]
        if not last and self._auxiliary_name_scope:  # the root scope again
            return None, pure_variable_scope(given, reuse=self._reuse, **self._fields)
        names, opened = self._open_names(last)
        if isinstance(given, VariableScope):
            opened = given.original_name_scope
        return names, pure_variable_scope(given, reuse=self._reuse, old_name_scope=opened, **self._fields)

    def _open_names(self, name: str) -> tuple[Any, str]:
        if self._auxiliary_name_scope:
            names = name_scope(name)
        else:
            current = get_default_graph().get_name_scope()
            names = name_scope(f"{current}/" if current else "")
        return names, names.__enter__()

    def __exit__(self, *exc_info: Any) -> None:
        pushed, names, pure = self._entered.pop()
        pure.__exit__(*exc_info)
        if names is not None:
            names.__exit__(*exc_info)
        if pushed is not None:
            context.pop_graph(pushed)


@export("variable_op_scope")
def variable_op_scope(values: Any, name_or_scope: Any, default_name: str | None = None, initializer: Any = None,
                      regularizer: Any = None, caching_device: Any = None, partitioner: Any = None,
                      custom_getter: Any = None, reuse: Any = None, dtype: Any = None,
                      use_resource: bool | None = None, constraint: Any = None) -> variable_scope:
    """An old form of `tf.variable_scope(name, default_name, values)`."""
    tf_logging.warning("tf.variable_op_scope(values, name, default_name) is deprecated, use tf.variable_scope(name, "
                       "default_name, values)")
    return variable_scope(name_or_scope, default_name=default_name, values=values, initializer=initializer,
                          regularizer=regularizer, caching_device=caching_device, partitioner=partitioner,
                          custom_getter=custom_getter, reuse=reuse, dtype=dtype, use_resource=use_resource,
                          constraint=constraint)


@export("no_regularizer")
def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing: it keeps a scope's regularizer away."""
