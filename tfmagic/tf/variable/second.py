"""The class that TensorFlow 1.15 has under `variables.Variable` in its internal modules: TensorFlow 2's."""

from __future__ import annotations

from typing import Any

from tfmagic.tf.variable.variables import Variable, VariableAggregation, VariableSynchronization


class _MakesResources(type):
    """Its class makes resource variables, and every variable is one of it."""

    def __call__(cls, initial_value: Any = None, trainable: bool | None = None, validate_shape: bool = True,
                 caching_device: Any = None, name: str | None = None, variable_def: Any = None, dtype: Any = None,
                 import_scope: str | None = None, constraint: Any = None,
                 synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                 aggregation: VariableAggregation = VariableAggregation.NONE, shape: Any = None) -> Variable:
        return Variable(initial_value, trainable, None, validate_shape, caching_device, name, variable_def, dtype, None,
                        import_scope, constraint, True, synchronization, aggregation, shape)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Variable)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, Variable)


class VariableV2(Variable, metaclass=_MakesResources):
    """A resource variable: `tf.Variable(..., use_resource=True)` without the arguments of TensorFlow 1."""
