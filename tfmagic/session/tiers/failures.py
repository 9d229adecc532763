"""From an exception to the node that raised it: the one place that reads the traceback of a plan's code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.session import run_errors
from tfmagic.session.plan.run_time import Disproved

# The global by which code that a tier compiled is known in a traceback.
CODE = "__plan_code__"
_FORGETS = re.compile(r";\s+((?:\w+ = )+)None$")


class PlanCode:
    """Where the lines of a plan's compiled code come from.

    Args:
      nodes: the nodes of the plan.
      source: the code.
      lines: from a line of the function's body, counted from its `def`, to the index of a node.
      constants: the object whose attributes are the plan's constants.
    """

    def __init__(self, nodes: list[fx.Node], source: str, lines: dict[int, int | None], constants: Any):
        self._nodes, self._source, self._lines, self._constants = nodes, source, lines, constants

    def node(self, lineno: int) -> fx.Node | None:
        """The node that is computed in a line of the code."""
        head = next(i for i, line in enumerate(self._source.splitlines()) if line.lstrip().startswith("def forward"))
        index = self._lines.get(lineno - head - 1)
        return None if index is None or index >= len(self._nodes) else self._nodes[index]

    def inputs(self, node: fx.Node, values: dict[str, Any]) -> list[Any]:
        """The values of the inputs of a node's operation: from the variables of the code, else their meta tensors."""
        found = []
        for given in node.meta.get("inputs", ()):
            if not isinstance(given, Proxy):
                found.append(given)
                continue
            source = _standing(given.node)
            value = getattr(self._constants, str(source.target), None) if source.op == "get_attr" \
                else values.get(source.name)
            found.append(source.meta.get("val") if value is None else value)
        return found


def _standing(node: fx.Node) -> fx.Node:
    """The node that holds a value now: passes may have put another one in the place of `node`."""
    while "replaced_by" in node.meta:
        node = node.meta["replaced_by"]
    return node


def kept_until(nodes: Iterable[fx.Node]) -> dict[str, int]:
    """The names of the values that explain failures, each with the number of the last node that may fail of them."""
    until: dict[str, int] = {}
    for index, node in enumerate(nodes):
        op = node.meta.get("op")
        declaration = None if op is None else registry.lookup(op.type)
        if declaration is not None and declaration.explain is not None:
            until.update((_standing(given.node).name, index) for given in node.meta.get("inputs", ())
                         if isinstance(given, Proxy))
    return until


def with_inputs_kept(source: str, lines: dict[int, int | None], nodes: list[fx.Node]) -> str:
    """The code of a plan in which an operation that can explain its failures still has its inputs when it fails.

    fx forgets every value with its last use, which may come before the last line of the operation.
    """
    until = kept_until(nodes)
    code = source.splitlines(keepends=True)
    head = next(i for i, line in enumerate(code) if line.lstrip().startswith("def forward"))
    kept: dict[int, list[str]] = {}
    for number in range(head + 1, len(code)):
        at = lines.get(number - head)
        line = code[number].rstrip("\n")
        found = _FORGETS.search(line)
        if at is None or (found is None and at not in kept):
            continue
        names = [] if found is None else found[1].replace(" ", "").rstrip("=").split("=")
        for name in [name for name in names if until.get(name, -1) > at]:
            names.remove(name)
            kept.setdefault(until[name], []).append(name)
        names += kept.pop(at, [])
        line = line if found is None else line[:found.start()]
        code[number] = line + (";  " + " = ".join([*names, "None"]) if names else "") + "\n"
    return "".join(code)


def explained(exception: Exception) -> BaseException:
    """The error that the user sees for an exception out of a tier's callable.

    It is that of the innermost node of a plan, or of a body in it, whose line the exception came through. (A disproved
    assumption no user sees.)
    """
    if isinstance(exception, Disproved):
        return exception
    found = None
    traceback = exception.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_globals.get(CODE)
        if code is not None:
            node = code.node(traceback.tb_lineno)
            if node is not None and node.meta.get("op") is not None:
                found = code, node, traceback.tb_frame
        traceback = traceback.tb_next
    if found is None:
        return exception if isinstance(exception, errors.OpError) else _caused(
            run_errors.internal(exception, "The run"), exception)
    code, node, frame = found
    return of_node(exception, node, code.inputs(node, frame.f_locals))


def of_node(exception: Exception, node: fx.Node, inputs: list[Any]) -> BaseException:
    """The error that the user sees for what the computation of `node` raised, with the cause where it is another."""
    error = run_errors.translate(exception, node.meta["op"], inputs)
    run_errors.add_path(error, node.meta.get("path"))
    return _caused(error, exception)


def _caused(error: BaseException, exception: BaseException) -> BaseException:
    if error is not exception:
        error.__cause__ = exception
    return error
