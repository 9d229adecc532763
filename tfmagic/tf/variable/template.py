"""tf.make_template: a function whose variables are made by its first call and shared by all others."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Any

from tfmagic.base import source, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.tf.variable.scope import VariableScope, pure_variable_scope, scopes, variable_scope


@export("make_template")
def make_template(name_: str, func_: Callable[..., Any], create_scope_now_: bool = False,
                  unique_name_: str | None = None, custom_getter_: Any = None, **kwargs: Any) -> Template:
    """Wraps a function so that all its calls share the variables that `tf.get_variable` makes in it.

    Args:
      name_: the name of the variable scope; made unique.
      func_: the function.
      create_scope_now_: whether to open the scope now, instead of with the first call.
      unique_name_: a name that is taken as it stands.
      custom_getter_: a custom getter for the scope.
      kwargs: arguments that the function gets with every call.

    Returns:
      A function.
    """
    if kwargs:
        func_ = functools.wraps(func_)(functools.partial(func_, **kwargs))
    return Template(name_, func_, create_scope_now=create_scope_now_, unique_name=unique_name_,
                    custom_getter=custom_getter_)


class Template:
    """What `tf.make_template` gives."""

    def __init__(self, name: str, func: Callable[..., Any], create_scope_now: bool = False,
                 unique_name: str | None = None, custom_getter: Any = None):
        if name is None:
            raise ValueError("name cannot be None.")
        self._func = func
        self._made_at = source.caller()
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._variable_scope: VariableScope | None = None
        self._variables_created = False
        if create_scope_now:
            with pure_variable_scope(unique_name or scopes().unique(name), custom_getter=custom_getter) as scope:
                self._variable_scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._variable_scope is not None:
            with variable_scope(self._variable_scope, reuse=self._variables_created):
                return self._call(args, kwargs)
        with variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        graph = get_default_graph()
        before = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
        trained = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        try:
            result = self._func(*args, **kwargs)
        except Exception as error:
            first = error.args[0] if error.args else ""
            made = "" if self._made_at is None else "".join(traceback.format_list([
                (self._made_at.filename, self._made_at.lineno, self._made_at.function, self._made_at.text)]))
            error.args = (f"{first}\n\noriginally defined at:\n{made}", *error.args[1:])
            raise
        if self._variables_created:
            now = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
            if len(now) != len(trained):
                raise ValueError("Trainable variable created when calling a template after the first time, perhaps you "
                                 f"used tf.Variable when you meant tf.get_variable: {_new(now, trained)}")
            now = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
            if len(now) != len(before):
                tf_logging.info("New variables created when calling a template after the first time, perhaps you used "
                                "tf.Variable when you meant tf.get_variable: %s", _new(now, before))
        self._variables_created = True
        return result

    @property
    def name(self) -> str:
        """The name given to the template."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The template's variable scope, None before it is made."""
        return self._variable_scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the template's variable scope with a trailing "/"."""
        name = None if self._variable_scope is None else self._variable_scope.name
        return f"{name}/" if name else name

    def _collection(self, key: str) -> list[Any]:
        name = self.variable_scope_name
        return [] if name is None else get_default_graph().get_collection(key, name)

    @property
    def global_variables(self) -> list[Any]:
        """The global variables that the template made."""
        return self._collection(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The local variables that the template made."""
        return self._collection(GraphKeys.LOCAL_VARIABLES)

    @property
    def trainable_variables(self) -> list[Any]:
        """The trainable variables that the template made."""
        return self._collection(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other global variables that the template made."""
        trained = self.trainable_variables
        return [variable for variable in self.global_variables if variable not in trained]

    @property
    def variables(self) -> list[Any]:
        """The global and local variables that the template made."""
        return self.global_variables + self.local_variables

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables


def _new(now: list[Any], before: list[Any]) -> list[Any]:
    return [variable for variable in now if variable not in before]
