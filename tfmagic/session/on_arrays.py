"""On arrays: runs on few numbers that go from the arrays that are fed to those that are fetched, without tensors."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import fx

from tfmagic.base.machine.compiler import Later
from tfmagic.graph.operation import Tensor
from tfmagic.ops.torch_types import tensorflow_dtype
from tfmagic.session.denormals import flushing
from tfmagic.session.execution import Execution
from tfmagic.session.feeds import array_converter, converter
from tfmagic.session.resources.keys import key_of
from tfmagic.session.resources.variables import Variables
from tfmagic.session.tiers.machine import on_arrays
from tfmagic.session.tiers.machine.parts import Part

Run = Callable[[Any], Any]


def later(execution: Execution, feeds: Sequence[Tensor], build: Callable[[list[Any]], Any],
          single: bool) -> Later | None:
    """What makes the `OnArrays` of an execution after some runs; None where there is none.

    Args:
      execution: what is run.
      feeds: what is fed.
      build: makes the results in the form of the fetches, from one per tensor.
      single: whether the only one is the result.
    """
    if not execution.only_computes:
        return None
    plan = execution.plan
    given = [node for node in plan.graph.nodes if node.op == "placeholder"]
    fed = {node.meta["source"]: node for node in given}
    part = on_arrays.found(plan)
    if part is None or not all(tensor in fed and tensor._dtype.base_dtype.kind != "O" for tensor in feeds):
        return None
    return Later(lambda: OnArrays(execution, part, [fed[tensor] for tensor in feeds], build, single),
                 on_arrays.calls_before(part))


class OnArrays:
    """The code of a plan, and runs by it; for its arguments see `later`.

    The function of a run is written for its feeds, variables and results: what it does beside the call is most of it.
    """

    def __init__(self, execution: Execution, part: Part, feeds: Sequence[fx.Node],
                 build: Callable[[list[Any]], Any], single: bool):
        function, size = on_arrays.compiled(part, frozenset(feeds))
        # One piece of memory is enough: while the code computes no other thread of Python does.
        memory = np.empty(max(size, 1), np.uint8)
        made = {node: f"made{place}" for place, node in enumerate(part.results())}
        self._scope: dict[str, Any] = {
            "ndarray": np.ndarray, "function": flushing(function), "memory": memory, "build": build,
            "pack": struct.Struct(f"{len(part.arguments()) + len(made) + 1}Q").pack}
        self._fed = {node: f"fed{place}" for place, node in enumerate(feeds)}
        self._usually = f"return usual([{', '.join(self._fed.values())}])"
        read = {node: f"read{place}" for place, node in enumerate(part.arguments())
                if node.op == "placeholder" and node not in self._fed}
        packed = []
        for node in part.arguments():
            if node in self._fed:
                packed.append(f"id({self._fed[node]})")
            elif node in read:
                packed.append(f"{read[node]}.data_ptr()")
            else:
                constant = execution.plan.constants[str(node.target)].contiguous()
                self._scope[f"constant{len(packed)}"] = constant
                packed.append(str(constant.data_ptr()))
        packed += [*(f"id({name})" for name in made.values()), str(memory.ctypes.data)]
        lines = [line for node in feeds for line in self._taken(node)]
        for node, name in made.items():
            self._scope[f"new_{name}"] = partial(np.empty, tuple(node.meta["val"].shape), _type_of(node))
            lines.append(f"{name} = new_{name}()")
        lines += self._called(f"function(pack({', '.join(packed)}))", read, execution.resources.variables)
        fetched = [made[node] + ("[()]" if not node.meta["val"].shape else "") for node in execution.plan.results[0]]
        lines.append(f"return {fetched[0]}" if single else f"return build([{', '.join(fetched)}])")
        if feeds:
            lines.insert(0, f"{' '.join(f'{name},' for name in self._fed.values())} = values")
        self._code = compile("\n    ".join(["def run(values):", *lines]), "<tfmagic run on arrays>", "exec")

    def _taken(self, node: fx.Node) -> list[str]:
        """The lines that look at what is fed, and make it an array; for another shape the run is the usual one."""
        name = self._fed[node]
        self._scope |= {f"type_{name}": _type_of(node), f"shape_{name}": tuple(node.meta["val"].shape),
                        f"converted_{name}": _as_array(node.meta["source"])}
        return [f"if type({name}) is not ndarray or {name}.dtype is not type_{name} or {name}.shape != shape_{name} \\",
                f"        or not {name}.flags.carray:",
                f"    {name} = converted_{name}({name})",
                f"    if {name}.shape != shape_{name}:",
                f"        {self._usually}"]

    def _called(self, call: str, read: Mapping[fx.Node, str], variables: Variables) -> list[str]:
        """The lines around the call that take variables' values, as every run that reads some does (`Execution`)."""
        if not read:
            return [call]
        self._scope |= {"lock": variables.lock, "readers": variables.readers, "values_of": variables.values}
        self._scope |= {f"key_{name}": key_of(node.meta["source"]) for node, name in read.items()}
        return ["token = object()",
                "try:",
                "    with lock:",
                "        try:",
                *(f"            {name} = values_of[key_{name}]" for name in read.values()),
                "        except KeyError:",
                f"            {self._usually}",
                "        readers[token] = None",
                f"    {call}",
                "finally:",
                "    readers.pop(token, None)"]

    def run(self, usual: Run) -> Run:
        """The run of one value per feed; of feeds of other shapes it is `usual`."""
        scope = {**self._scope, "usual": usual}
        exec(self._code, scope)  # nothing in it but names and numbers made here
        made: Run = scope["run"]
        return made


def _as_array(tensor: Tensor) -> Callable[[Any], Any]:
    """The function that makes an array from whatever is fed for `tensor`."""
    array, convert = array_converter(tensor), converter(tensor)
    return lambda value: convert(value).numpy() if isinstance(value, torch.Tensor) or hasattr(value, "_kept_for") \
        else array(value)


def _type_of(node: fx.Node) -> np.dtype:
    """NumPy's type of a value's numbers."""
    return np.dtype(tensorflow_dtype(node.meta["val"]).as_numpy_dtype)
