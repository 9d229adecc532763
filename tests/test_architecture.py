"""The house rules that a machine can check: floors, cycles, lazy imports, module docstrings, declarations."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import tfmagic

PACKAGE = Path(tfmagic.__file__).parent
FLOORS = ["base", "formats", "graph", "ops", "graphdef", "session", "tf", "view", "notebook"]
# The package's own front door names what it offers on first use.
FRONT_DOOR = {"tfmagic"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str, path: Path, top_level_only: bool) -> set[str]:
    """The modules of this package that a module imports."""
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in (tree.body if top_level_only else ast.walk(tree)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return {item for item in found if item.split(".")[0] == "tfmagic" and item in MODULES and item != name}


def floor(name: str) -> int | None:
    parts = name.split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 and parts[1] in FLOORS else None


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_in_its_first_line_what_it_holds(name: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8"))), f"{name} has no docstring"


@pytest.mark.parametrize("name", [n for n in MODULES if floor(n) is not None])
def test_imports_point_downwards(name: str) -> None:
    own = floor(name)
    assert own is not None
    up = [other for other in imports(name, MODULES[name], top_level_only=False)
          if (level := floor(other)) is not None and level > own]
    assert not up, f"{name} imports from a higher floor: {up}"


def test_no_import_cycles() -> None:
    graph = {name: imports(name, path, top_level_only=True) for name, path in MODULES.items()}
    done: set[str] = set()
    for start in graph:
        stack, trail = [(start, iter(sorted(graph[start])))], [start]
        while stack and start not in done:
            name, rest = stack[-1]
            for other in rest:
                assert other not in trail, f"cycle: {' -> '.join([*trail[trail.index(other):], other])}"
                if other not in done:
                    stack.append((other, iter(sorted(graph[other]))))
                    trail.append(other)
                    break
            else:
                done.add(name)
                stack.pop()
                trail.pop()


def test_building_a_graph_does_not_import_torch_or_protobuf() -> None:
    code = ("import sys\nfrom tfmagic import tf\nx = tf.placeholder(tf.float32, [None, 2])\n"
            "y = tf.nn.relu(tf.matmul(x, tf.ones([2, 3])) + 1.0)\nloss = tf.reduce_mean(y)\ntf.gradients(loss, x)\n"
            "assert 'torch' not in sys.modules, 'torch'\nassert 'google.protobuf' not in sys.modules, 'protobuf'\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_declared_kernels_and_gradients_fit_the_op_definitions() -> None:
    from tfmagic import tf  # noqa: F401  # declares all ops
    from tfmagic.graph import opdefs, registry

    wrong = []
    for name, declaration in registry.declarations().items():
        definition = opdefs.get(name)
        assert definition is not None
        state = 0 if declaration.state is None else 1
        for function, count in ((declaration.kernel, 1 + state + len(definition.inputs)),
                                (declaration.shape, 1 + len(definition.inputs)),
                                (declaration.gradient, 1 + len(definition.outputs))):
            if function is not None and not _takes(function, count):
                wrong.append(f"{name}: {function.__qualname__} does not take {count} arguments")
        for option in ("host", "writes", "reads"):
            unknown = set(getattr(declaration, option)) - {arg.name for arg in definition.inputs}
            if unknown:
                wrong.append(f"{name}: {option} names {sorted(unknown)}, which are no inputs")
    assert not wrong, "\n".join(wrong)


def _takes(function: object, count: int) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return True
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    return len(needed) <= count <= len(positional)
