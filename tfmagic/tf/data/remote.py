"""Functions of data sets that run on another device than the one that asks for elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset import Node
from tfmagic.tf.functions.traced import ConcreteFunction, defun

_TEXT = TensorSpec([], dtypes.string)


class _OnDevice:
    """A function that runs on another device: what calls it there, and what that captures.

    Args:
      name: what the two functions are called.
      function: takes and gives tensors.
      takes: whether it takes the string of the iterator.
      device: the name of the other device, a string tensor.
      result: the types of what it gives.
    """

    def __init__(self, name: str, function: Callable[..., Any], takes: bool, device: Tensor, result: Sequence[Any]):
        signature = [_TEXT] if takes else []
        function.__name__ = f"_{name}_func"
        there: ConcreteFunction = defun(function, input_signature=signature).get_concrete_function()

        def remote(*given: Any) -> Any:
            return raw.remote_call(device, [*given, *there.captured_inputs], list(result), there)

        def with_handle(string_handle: Any) -> Any:
            return remote(string_handle)

        caller: Callable[..., Any] = with_handle if takes else remote
        caller.__name__ = f"_remote_{name}_func"
        self.function: ConcreteFunction = defun(caller, input_signature=signature,
                                                autograph=False).get_concrete_function()
        self.captured = self.function.captured_inputs


class Remote:
    """The elements that functions on another device give.

    Args:
      device: the name of that device, a string tensor.
      spec: the structure of an element.
      init: gives a string that stands for what elements are taken from.
      step: the next element for that string.
      finalize: ends it, and gives any number.
    """

    def __init__(self, device: Tensor, spec: Any, init: Callable[[], Any], step: Callable[[Any], Any],
                 finalize: Callable[[Any], Any]):
        self._spec, self._attrs = spec, structure.flat_attrs(spec)
        self._functions = [_OnDevice("init", init, False, device, [dtypes.string]),
                           _OnDevice("next", step, True, device, self._attrs["output_types"]),
                           _OnDevice("finalize", finalize, True, device, [dtypes.int64])]
        # TensorFlow says so of this one; the device of integers is all the same here.
        self._functions[1].function.function.definition.attr["experimental_ints_on_device"].b = True

    def dataset(self, inputs: Sequence[Any] = ()) -> Node:
        """A node of its own that gives the elements.

        Args:
          inputs: the data sets from which they come.
        """
        init, step, last = self._functions
        return Node(raw.generator_dataset(init.captured, step.captured, last.captured, init.function, step.function,
                                          last.function, **self._attrs), self._spec, inputs)
