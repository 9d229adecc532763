"""On arrays: runs on few numbers that go from the arrays that are fed to those that are fetched, without tensors."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import fx

from tfmagic.base.machine.compiler import Later
from tfmagic.graph.operation import Tensor
from tfmagic.session.denormals import flushing
from tfmagic.session.execution import Execution
from tfmagic.session.resources.keys import key_of
from tfmagic.session.tiers.machine import on_arrays
from tfmagic.session.tiers.machine.parts import Part

Run = Callable[[Any], Any]


def later(execution: Execution, feeds: Sequence[Tensor], converters: Sequence[Callable[[Any], Any]],
          build: Callable[[list[Any]], Any], single: bool) -> Later | None:
    """What makes the `OnArrays` of an execution after some runs; None where there is none.

    Args:
      execution: what is run.
      feeds, converters: what is fed, and how it is made a tensor.
      build: makes the results in the form of the fetches, from one per tensor.
      single: whether the only one is the result.
    """
    if not execution.only_computes:
        return None
    plan = execution.plan
    given = [node for node in plan.graph.nodes if node.op == "placeholder"]
    fed = {node.meta["source"]: node for node in given}
    part = on_arrays.found(plan)
    if part is None or not all(tensor in fed and _is_plain(tensor) for tensor in feeds):
        return None
    return Later(lambda: OnArrays(execution, part, [fed[tensor] for tensor in feeds], converters, build, single),
                 on_arrays.calls_before(part))


def _is_plain(tensor: Tensor) -> bool:
    """Whether an array of its type is one of the type that the plan computes with."""
    return not (tensor._dtype.is_bool and not tensor._dims) and tensor._dtype.base_dtype.kind != "O"


class OnArrays:
    """The code of a plan, and runs by it; for its arguments see `later`."""

    def __init__(self, execution: Execution, part: Part, feeds: Sequence[fx.Node],
                 converters: Sequence[Callable[[Any], Any]], build: Callable[[list[Any]], Any], single: bool):
        arguments, results = part.arguments(), part.results()
        function, scratch = on_arrays.compiled(part, frozenset(feeds))
        memory = np.empty(max(scratch, 1), np.uint8)
        variables = execution.resources.variables
        constants = execution.plan.constants
        names = {node: f"a{place}" for place, node in enumerate(feeds)}
        read: dict[fx.Node, str] = {}
        self._scope: dict[str, Any] = {
            "ndarray": np.ndarray, "function": flushing(function), "memory": memory, "build": build,
            "lock": variables.lock, "readers": variables.readers, "variables": variables.values,
            "pack": struct.Struct(f"{len(arguments) + len(results) + 1}Q").pack}
        packed = []
        for place, node in enumerate(arguments):
            if node in names:
                packed.append(f"id({names[node]})")
            elif node.op == "get_attr":
                tensor = self._scope[f"c{place}"] = constants[str(node.target)].contiguous()
                packed.append(str(tensor.data_ptr()))
            else:
                read[node] = f"v{place}"
                packed.append(f"v{place}.data_ptr()")
        made = [f"r{place}" for place in range(len(results))]
        packed += [*(f"id({name})" for name in made), str(memory.ctypes.data)]
        lines = ["def run(values):"]
        if feeds:
            lines.append(f"    {' '.join(f'{name},' for name in names.values())} = values")
        for place, (node, name) in enumerate(names.items()):
            meta = node.meta["val"]
            self._scope |= {f"type{place}": np.dtype(str(meta.dtype).removeprefix("torch.")),
                            f"shape{place}": tuple(meta.shape),
                            f"array{place}": partial(_as_array, converters[place])}
            lines += [
                f"    if type({name}) is not ndarray or {name}.dtype is not type{place} or {name}.shape != shape{place} "
                f"or not {name}.flags.carray:",
                f"        {name} = array{place}({name})",
                f"        if {name}.shape != shape{place}:",
                f"            return usual([{', '.join(names.values())}])"]
        for name, node in zip(made, results):
            meta = node.meta["val"]
            self._scope[f"new_{name}"] = partial(np.empty, tuple(meta.shape),
                                                 np.dtype(str(meta.dtype).removeprefix("torch.")))
            lines.append(f"    {name} = new_{name}()")
        call = f"function(pack({', '.join(packed)}))"
        if read:
            self._scope |= {f"key_{name}": key_of(node.meta["source"]) for node, name in read.items()}
            lines += [
                "    token = object()",
                "    try:",
                "        with lock:",
                "            try:",
                *(f"                {name} = variables[key_{name}]" for name in read.values()),
                "            except KeyError:",
                f"                return usual([{', '.join(names.values())}])",
                "            readers[token] = None",
                f"        {call}",
                "    finally:",
                "        readers.pop(token, None)"]
        else:
            lines.append(f"    {call}")
        outcome = [made[results.index(node)] + ("[()]" if not node.meta["val"].shape else "")
                   for node in execution.plan.results[0]]
        lines.append(f"    return {outcome[0]}" if single else f"    return build([{', '.join(outcome)}])")
        self._code = compile("\n".join(lines), "<tfmagic run on arrays>", "exec")

    def run(self, usual: Run) -> Run:
        """The run of one value per feed; of feeds of other shapes it is `usual`."""
        scope = {**self._scope, "usual": usual}
        exec(self._code, scope)  # nothing in it but names and numbers made here
        made: Run = scope["run"]
        return made


def _as_array(convert: Callable[[Any], Any], value: Any) -> Any:
    return convert(value).numpy()
