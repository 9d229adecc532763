"""From an exception to the node that raised it: the one place that reads the traceback of a plan's code."""

from __future__ import annotations

from typing import Any

from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.session import run_errors

# The global by which code that a tier compiled is known in a traceback.
CODE = "__plan_code__"


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
            of_constant = given.node.op == "get_attr"
            value = getattr(self._constants, str(given.node.target), None) if of_constant \
                else values.get(given.node.name)
            found.append(given.node.meta.get("val") if value is None else value)
        return found


def explained(exception: Exception) -> BaseException:
    """The error that the user sees for an exception out of a tier's callable.

    It is that of the innermost node of a plan, or of a body in it, whose line the exception came through.
    """
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
