"""Layer: a function with variables of its own, made by its first call and shared by all later ones."""

from __future__ import annotations

import copy
import functools
import inspect
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph import context
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops.array import shape_ops
from tfmagic.tf.layers import named
from tfmagic.tf.layers.input_spec import InputSpec, check_inputs
from tfmagic.tf.variable.lists import global_variables, trainable_variables
from tfmagic.tf.variable.partitioned import PartitionedVariable
from tfmagic.tf.variable.scope import VariableScope, get_variable, variable_scope
from tfmagic.tf.variable.variables import VariableAggregation, VariableSynchronization, trainable_by_default

_NAMES = "layer_names"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


@export("layers.Layer")
class Layer:
    """Base of all layers: subclasses make variables in `build` and nodes in `call`.

    Args:
      trainable: whether the variables are trained.
      name: the name of the layer's variable scope; by default the class name, made unique.
      dtype: the type of the variables; by default that of the first input.
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any):
        self._scope: VariableScope | None = None
        self._current_scope: VariableScope | None = None
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        regularizer = kwargs.pop("activity_regularizer", None)
        if kwargs:
            raise TypeError("Keyword argument not understood:", next(iter(kwargs)))
        self.trainable = trainable
        self.built = False
        self.stateful = False
        self.input_spec: InputSpec | list[InputSpec] | None = None
        self._activity_regularizer = regularizer
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype).name
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._losses: list[Tensor] = []
        self._makers_of_losses: list[Callable[[], Any]] = []
        self._updates: list[Any] = []
        self._calls: list[Any] = []
        self._shared_scope: Any = None
        if name is None or name == "" or isinstance(name, VariableScope):
            self._name = _unique_name(type(self).__name__)
            self._base_name = name.name if isinstance(name, VariableScope) else _snake_case(type(self).__name__)
        else:
            self._name = self._base_name = name
        if scope is not None:
            self._set_scope(scope)

    # --- what subclasses fill in --------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables, from the static shapes of the inputs."""
        self.built = True

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """The outputs for inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The static shape of the output."""
        raise NotImplementedError(f"{type(self).__name__} does not say the shape of its output")

    def compute_output_signature(self, input_signature: Any) -> Any:
        """The type and shape of the output, from those of the input (a `tf.TensorSpec`)."""
        shape = self.compute_output_shape(input_signature.shape)
        return type(input_signature)(shape, self._dtype or input_signature.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The mask of the outputs: layers of `tf.layers` have none.

        Raises:
          TypeError: a mask is given.
        """
        if mask is not None:
            raise TypeError(f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again.

        Raises:
          NotImplementedError: a subclass keeps an argument under another name than its own.
        """
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype}
        for name, parameter in inspect.signature(type(self)).parameters.items():
            if name not in config and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                if not hasattr(self, name):
                    raise NotImplementedError("Layers with arguments in `__init__` must override `get_config`.")
                config[name] = named.config(name, getattr(self, name))
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A layer from what `get_config` gave."""
        return cls(**config)

    # --- calling ------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs for inputs; the first call makes the variables."""
        self._set_scope(kwargs.pop("scope", None))
        with self._own_scope() as scope:
            self._current_scope = scope
            inputs = _map(lambda x: convert_to_tensor(x) if isinstance(x, (np.ndarray, float, int)) else x, inputs)
            with name_scope(self._name_scope()):
                if not self.built:
                    self._build(inputs)
                check_inputs(self.input_spec, inputs, self.name)
                outputs = self._called(inputs, *args, **kwargs)
                if outputs is None:
                    raise ValueError("A layer's `call` method should return a Tensor or a list of Tensors, not None "
                                     f"(layer: {self.name}).")
                self._regularize_activity(inputs, outputs)
        self._calls.append(inputs)
        _add_to_collection(self.updates, GraphKeys.UPDATE_OPS)
        return outputs

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        """What `call` gives. AutoGraph converts what users write there, and errors are told as of converted code."""
        code = getattr(self.call, "__code__", None)
        if code is None or not code.co_filename.startswith(_PACKAGE):
            from tfmagic.tf.autograph.api import call_of_layer

            return call_of_layer(self.call, *args, **kwargs)
        try:
            return self.call(*args, **kwargs)
        except Exception as error:
            from tfmagic.tf.autograph.api import raise_for_layer

            raise_for_layer(error)

    def _own_scope(self) -> Any:
        """The layer's variable scope, sharing its variables once they are made."""
        if not self.built:
            return variable_scope(self._scope, reuse=self._reuse, auxiliary_name_scope=False)
        if self._shared_scope is None:
            self._shared_scope = variable_scope(self._scope, reuse=True, auxiliary_name_scope=False)
        return self._shared_scope

    def _build(self, inputs: Any) -> None:
        check_inputs(self.input_spec, inputs, self.name)
        if self._dtype is None:
            first = _flat(inputs)[0]
            if hasattr(first, "dtype"):
                self._dtype = first.dtype.base_dtype.name
        self.build(_map(lambda x: x.shape if hasattr(x, "shape") else None, inputs))
        self.built = True

    def _regularize_activity(self, inputs: Any, outputs: Any) -> None:
        if self._activity_regularizer is None:
            return
        from tfmagic.ops.math.cast import cast

        with name_scope("ActivityRegularizer"):
            for output in _flat(outputs):
                loss = self._activity_regularizer(output)
                self.add_loss(loss / cast(shape_ops.shape(output)[0], loss.dtype), inputs=inputs)

    @deprecated(None, "Please use `layer.__call__` method instead.", name="Layer.apply",
                module="tensorflow.python.keras.engine.base_layer")
    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            with variable_scope(self._base_name if scope is None else scope) as own:
                self._scope = own
        else:
            with variable_scope(scope, default_name=self._base_name) as own:
                self._scope = own

    def _name_scope(self) -> str:
        return self._current_scope.original_name_scope  # type: ignore[union-attr]  # set by every use

    # --- variables and losses -----------------------------------------------------------------------------------

    def add_weight(self, name: str, shape: Any, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
                   trainable: bool | None = None, constraint: Any = None, use_resource: bool | None = None,
                   synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                   aggregation: VariableAggregation = VariableAggregation.NONE, partitioner: Any = None,
                   **kwargs: Any) -> Any:
        """Makes a variable of the layer, or shares it (see `tf.get_variable` for the arguments)."""
        if kwargs:
            raise TypeError("Unknown keyword argument:", next(iter(kwargs)))
        initializer, regularizer = named.initializer(initializer), named.regularizer(regularizer)
        trainable = trainable_by_default(trainable, synchronization)
        there = set(global_variables())
        dtype = dtypes.as_dtype(dtype or self._dtype or dtypes.float32)
        self._set_scope()
        with variable_scope(self._scope, reuse=self.built or self._reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(self._name_scope()):
                variable = get_variable(
                    name, shape=None if shape is None else as_shape(shape).as_list(), dtype=dtype,
                    initializer=_initializer(initializer or scope.initializer, dtype, name),
                    trainable=trainable and self.trainable, constraint=constraint, partitioner=partitioner,
                    use_resource=use_resource or scope.use_resource, synchronization=synchronization,
                    aggregation=aggregation)
                if regularizer is not None and not any(part in there for part in _parts(variable)):
                    for part in _parts(variable):
                        self.add_loss(functools.partial(_regularized, part, name, regularizer))
        trained = trainable and self.trainable and all(part in trainable_variables() for part in _parts(variable))
        (self._trainable_weights if trained else self._non_trainable_weights).extend(_parts(variable))
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The former name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses (tensors, or functions that make them) to `GraphKeys.REGULARIZATION_LOSSES`.

        A function is called again whenever somebody asks the layer for its losses.
        """
        new = []
        for loss in _flat(losses):
            made = loss() if callable(loss) else loss
            if made is None:
                continue
            new.append(made if isinstance(made, Tensor) else convert_to_tensor(made))
            if callable(loss):
                self._makers_of_losses.append(loss)
            else:
                self._losses.append(new[-1])
        _add_to_collection(new, GraphKeys.REGULARIZATION_LOSSES)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds operations that must run with each training step; they go to `GraphKeys.UPDATE_OPS`."""
        for update in _flat(updates):
            update = update() if callable(update) else update
            self._updates.append(update if isinstance(update, Operation) else update.op)

    # --- what a layer is ----------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._name

    @property
    def scope_name(self) -> str:
        """The name of the layer's variable scope.

        Raises:
          ValueError: the layer was not used yet.
        """
        if self._scope is None:
            raise ValueError(f'No name available for layer scope because the layer "{self._name}" has not been used '
                             "yet. The scope name  is determined the first time the layer instance is called. You "
                             "must therefore call the layer before querying `scope_name`.")
        return self._scope.name

    @property
    def dtype(self) -> str | None:
        return self._dtype

    @property
    def graph(self) -> None:
        """None, as in TensorFlow: a layer's variables know theirs."""

    @property
    def activity_regularizer(self) -> Any:
        return self._activity_regularizer

    @property
    def losses(self) -> list[Tensor]:
        made = (convert_to_tensor(loss()) for loss in self._makers_of_losses)
        return [*self._losses, *made]

    @property
    def updates(self) -> list[Any]:
        return list(self._updates) if self.trainable or self.stateful else []

    @property
    def trainable_weights(self) -> list[Any]:
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        return list(self._non_trainable_weights) if self.trainable else [*self._trainable_weights,
                                                                         *self._non_trainable_weights]

    @property
    def weights(self) -> list[Any]:
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_variables(self) -> list[Any]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        return self.weights

    def count_params(self) -> int:
        """The number of elements in all variables."""
        if not self.built:
            raise ValueError(f"You tried to call `count_params` on {self.name}, but the layer isn't built. You can "
                             f"build it manually via: `{self.name}.build(batch_input_shape)`.")
        return sum(int(np.prod(variable.shape.as_list())) for variable in self.weights)

    def get_losses_for(self, inputs: Any) -> list[Tensor]:
        """The losses that depend on `inputs` (None: those that depend on no input)."""
        losses = self.losses
        found = _depending(inputs if inputs is not None else self._calls, losses)
        return [loss for loss in losses if (loss in found) == (inputs is not None)]

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates that depend on `inputs` (None: those that depend on no input)."""
        updates = self.updates
        found = _depending(inputs if inputs is not None else self._calls, updates)
        return [update for update in updates if (update in found) == (inputs is not None)]

    @property
    def inbound_nodes(self) -> list[Any]:
        """None: calls become nodes of a Keras model only."""
        return []

    @property
    def outbound_nodes(self) -> list[Any]:
        """None: calls become nodes of a Keras model only."""
        return []

    @property
    def input(self) -> Any:
        """Refuse: only layers of a Keras model know it.

        Raises:
          AttributeError: always.
        """
        raise AttributeError(f"Layer {self.name} is not connected, no input to return.")

    @property
    def output(self) -> Any:
        """Refuse: only layers of a Keras model know it.

        Raises:
          AttributeError: always.
        """
        raise AttributeError(f"Layer {self.name} has no inbound nodes.")

    @property
    def input_shape(self) -> Any:
        """Refuse, as `input` does."""
        raise AttributeError("The layer has never been called and thus has no defined input shape.")

    @property
    def output_shape(self) -> Any:
        """Refuse, as `output` does."""
        raise AttributeError("The layer has never been called and thus has no defined output shape.")

    input_mask = input
    output_mask = output

    def get_weights(self) -> list[np.ndarray]:
        """The values of the variables in the default session."""
        return _default_session().run(self.weights)

    def set_weights(self, weights: list[Any]) -> None:
        """Sets the variables in the default session.

        Raises:
          ValueError: their number or shapes are others.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(f'You called `set_weights(weights)` on layer "{self.name}" with a  weight list of length '
                             f"{len(weights)}, but the layer was expecting {len(own)} weights. Provided weights: "
                             f"{str(weights)[:50]}...")
        for variable, value in zip(own, weights):
            if variable.shape.as_list() != list(np.shape(value)):
                raise ValueError(f"Layer weight shape {variable.shape} not compatible with provided weight shape "
                                 f"{np.shape(value)}")
        session = _default_session()
        session.run([v.initializer for v in own], {v.initializer.inputs[1]: x for v, x in zip(own, weights)})

    def add_metric(self, value: Any, aggregation: str | None = None, name: str | None = None) -> None:
        """Refuse: metrics of layers belong to keras models.

        Raises:
          NotImplementedError: always.
        """
        raise NotImplementedError("Layers of tf.layers keep no metrics: use tf.metrics or tf.summary.")

    def _at_node(self, node_index: int, what: str) -> Any:
        raise RuntimeError(f"The layer has never been called and thus has no defined {what}.")

    def get_input_mask_at(self, node_index: int) -> Any:
        """Refuse: only layers of a Keras model have nodes.

        Raises:
          RuntimeError: always.
        """
        self._at_node(node_index, "input")

    def get_output_mask_at(self, node_index: int) -> Any:
        """Refuse, as `get_input_mask_at` does."""
        self._at_node(node_index, "output")

    def get_input_shape_at(self, node_index: int) -> Any:
        """Refuse, as `get_input_mask_at` does."""
        self._at_node(node_index, "input shape")

    def get_output_shape_at(self, node_index: int) -> Any:
        """Refuse, as `get_input_mask_at` does."""
        self._at_node(node_index, "output shape")

    def get_input_at(self, node_index: int) -> Any:
        """Refuse, as `get_input_mask_at` does."""
        self._at_node(node_index, "input")

    def get_output_at(self, node_index: int) -> Any:
        """Refuse, as `get_input_mask_at` does."""
        self._at_node(node_index, "output")

    def __deepcopy__(self, memo: Any) -> Any:
        no_copy = ("_current_scope", "_scope", "_shared_scope", "_calls")
        result = object.__new__(type(self))
        memo[id(self)] = result
        for key, value in vars(self).items():
            setattr(result, key, value if key in no_copy else
                    copy.copy(value) if key.endswith("_weights") else copy.deepcopy(value, memo))
        return result

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "trainable":
            for layer in vars(self).values():
                if isinstance(layer, Layer):
                    layer.trainable = value
        object.__setattr__(self, name, value)


def _default_session() -> Any:
    session = context.get_default_session()
    if session is None:
        raise ValueError("The values of a layer's variables are kept by a session: use this within `with "
                         "session.as_default():`.")
    return session


def _snake_case(name: str) -> str:
    name = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)).lower()
    return f"private{name}" if name.startswith("_") else name


def _unique_name(class_name: str) -> str:
    """A name for a layer of this class that no other layer of the graph has."""
    graph = get_default_graph()
    base = _snake_case(class_name)
    with graph._lock:
        names = graph._extras.setdefault(_NAMES, {})
        names[base] = number = names.get(base, 0) + 1
    return f"{base}_{number}"


def _initializer(initializer: Any, dtype: dtypes.DType, name: str) -> Any:
    if initializer is not None:
        return initializer
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise ValueError(f"An initializer for variable {name} of type {dtype.base_dtype} is required for a layer")
    return None


def _regularized(variable: Any, name: str, regularizer: Callable[[Any], Any]) -> Any:
    with name_scope(name + "/Regularizer"):
        return regularizer(variable)


def _parts(variable: Any) -> list[Any]:
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def _add_to_collection(items: list[Any], key: str) -> None:
    graph = get_default_graph()
    with graph._lock:
        collection = graph.get_collection_ref(key)
        known = {id(item) for item in collection}
        collection.extend(item for item in items if id(item) not in known)


def _flat(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [item for key in sorted(structure) for item in _flat(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [item for part in structure for item in _flat(part)]
    return [structure]


def _map(function: Callable[[Any], Any], structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _map(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [_map(function, part) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return function(structure)


def _depending(inputs: Any, targets: list[Any]) -> set[Any]:
    """Those of `targets` that some path leads to from one of `inputs`."""
    reached = {tensor.op for tensor in _flat(inputs)}
    stack = list(reached)
    while stack:
        for output in stack.pop()._outputs:
            for consumer in output._consumers:
                if consumer not in reached:
                    reached.add(consumer)
                    stack.append(consumer)
    return {target for target in targets if getattr(target, "op", target) in reached}
