"""Expressions on a magic's line: evaluated in the user's namespace, or found in the graph by name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.shell.options import unquoted, words

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def is_expression(text: str) -> bool:
    """Whether `text` is one Python expression."""
    try:
        ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return True


def evaluate(shell: InteractiveShell, text: str) -> Any:
    """The value of an expression, or the node or tensor of that name in the default graph.

    Args:
      shell: the running shell, whose user namespace counts.
      text: a Python expression ("total", "a + b"), or a name in the graph ("layer1/add:0", "layer1").

    Raises:
      UsageError: it is neither.
    """
    text = text.strip()
    if is_expression(text):
        try:
            return eval(compile(text, f"<{text}>", "eval"), shell.user_global_ns, shell.user_ns)
        except NameError as error:
            found = in_graph(text)
            if found is None:
                raise UsageError(f"{error}: neither a Python name nor the name of a node in the graph.") from None
            return found
    found = in_graph(text)
    if found is None:
        raise UsageError(f"{text}: neither a Python expression nor the name of a node in the graph.")
    return found


def in_graph(name: str) -> Operation | Tensor | None:
    """The tensor or operation of the default graph with that name, or None.

    Args:
      name: "add", "add:0", "layer1/add".
    """
    graph = context.get_default_graph()
    operation = graph._get_operation_by_name_unsafe(name.partition(":")[0])
    if operation is None:
        return None
    if ":" in name:
        index = name.partition(":")[2]
        if not index.isdigit() or int(index) >= len(operation.outputs):
            return None
        return operation.outputs[int(index)]
    return operation.outputs[0] if len(operation.outputs) == 1 else operation


def several(shell: InteractiveShell, text: str) -> list[tuple[str, Any]]:
    """The values of one expression, or of several with blanks or commas between them, each with its text.

    Quotes may stand around an expression.
    """
    text = unquoted(text.strip())
    tree = ast.parse(text, mode="eval").body if is_expression(text) else None
    if tree is not None and not (isinstance(tree, ast.Constant) and isinstance(tree.value, str)):
        if isinstance(tree, ast.Tuple) and not text.startswith("("):
            parts = [ast.unparse(element) for element in tree.elts]
        else:
            parts = [text]
    else:
        parts = [word.strip(",") for word in words(text)]
    return [(part, evaluate(shell, part)) for part in map(unquoted, parts) if part]


def feeds(shell: InteractiveShell, pairs: list[tuple[str, str]]) -> dict[Any, Any]:
    """The feed dictionary that `--feed NAME=EXPR` options describe.

    Args:
      pairs: NAME (a Python name or a name in the graph) and EXPR.

    Raises:
      UsageError: a NAME is no tensor, or an EXPR cannot be evaluated.
    """
    found = {}
    for name, text in pairs:
        target = evaluate(shell, name)
        if isinstance(target, Operation) and len(target.outputs) == 1:
            target = target.outputs[0]
        if isinstance(target, str) or not hasattr(target, "_as_graph_element") and not isinstance(target, Tensor):
            raise UsageError(f"--feed {name}=...: {name} is a {type(target).__name__}, not a tensor of the graph.")
        fed = element(target)
        takes_text = isinstance(fed, Tensor) and fed.dtype.base_dtype.name == "string"
        found[target] = evaluate(shell, text if takes_text else unquoted(text))
    return found


def element(value: Any) -> Tensor | Operation | None:
    """The tensor or operation that a value stands for (a variable stands for its value), or None."""
    if isinstance(value, Tensor | Operation):
        return value
    convert = getattr(value, "_as_graph_element", None)
    found = convert() if callable(convert) else None
    return found if isinstance(found, Tensor | Operation) else None


def operation_of(found: Tensor | Operation) -> Operation:
    """The operation itself, or the one that makes the tensor."""
    return found if isinstance(found, Operation) else found.op


def graph_of(found: Tensor | Operation) -> Graph:
    """The graph of an element."""
    graph = found.graph
    assert isinstance(graph, Graph)
    return graph


def elements(value: Any) -> list[Tensor | Operation]:
    """The tensors and operations in a value, also within lists, tuples and dictionaries."""
    if isinstance(value, dict):
        return [e for item in value.values() for e in elements(item)]
    if isinstance(value, list | tuple | set):
        return [e for item in value for e in elements(item)]
    found = element(value)
    return [] if found is None else [found]


def graphs_in(namespace: dict[str, Any]) -> list[Graph]:
    """The graphs that the user's variables lead to, each once."""
    found: dict[int, Graph] = {}
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        graph = value if isinstance(value, Graph) else getattr(value, "graph", None)
        if isinstance(graph, Graph):
            found[id(graph)] = graph
    return list(found.values())
