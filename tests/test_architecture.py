"""The house rules that a machine can check: floors and circles, lazy imports, module docstrings, declarations."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

import tfmagic
from tfmagic.assembly import FILLED_BY
from tfmagic.base import export

PACKAGE = Path(tfmagic.__file__).parent
ROOT = PACKAGE.parent


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_in_its_first_line_what_it_holds(name: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8"))), f"{name} has no docstring"


# --- who may import whom: the table is in pyproject.toml --------------------------------------------------------------

SETTINGS = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = SETTINGS["contracts_options"]
FLOORS = [floor for line in CONTRACTS[0]["layers"] for floor in line.split(" | ")]


def test_modules_import_what_the_table_of_arrows_allows() -> None:
    """Upward arrows, arrows that no line allows, and circles, whether at the top, in a function or for types alone.

    In a process of its own: the linter configures the log, which silences every logger of this one.
    """
    command = ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()",
               "--config", "pyproject.toml", "--no-cache", "--no-logo"]
    ran = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_table_of_arrows_has_no_exceptions() -> None:
    assert not SETTINGS["session_options"].get("exclude_type_checking_imports")
    assert not [contract["name"] for contract in CONTRACTS if contract.get("ignore_imports")]


def test_every_floor_but_the_first_has_its_line_of_importers() -> None:
    told = [contract["protected_modules"] for contract in CONTRACTS if contract["type"] == "protected"]
    assert {f"tfmagic.{floor}" for floor in FLOORS} - {"tfmagic.notebook", "tfmagic.base", "tfmagic.assembly"} == {
        module for modules in told for module in modules}


def public_names_used(tree: ast.Module) -> set[str]:
    """The public names that a module reaches through `ops.api` (`api.linalg.norm`), which no import shows."""
    found = set()
    for node in ast.walk(tree):
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name) and inner.id == "api":
            found.add(".".join(reversed(parts)))
    return found


@pytest.mark.parametrize("floor", ["ops", "tf"])
def test_public_names_are_used_at_their_own_height_or_above(floor: str) -> None:
    below = {*FLOORS[FLOORS.index(floor):]}
    upward = []
    for name, path in MODULES.items():
        if name.startswith(f"tfmagic.{floor}."):
            for public in public_names_used(ast.parse(path.read_text("utf-8"))):
                row = export.row(public)
                if row is not None and row.home and row.home.partition(".")[0] not in below:
                    upward.append(f"{name} uses tf.{public} of {row.home}")
    assert not upward, "\n".join(upward)


def test_what_fills_a_slot_is_there() -> None:
    for name, place in FILLED_BY.items():
        module, _, attribute = place.partition(":")
        assert hasattr(importlib.import_module(f"tfmagic.{module}"), attribute), f"slot '{name}': no {place}"


# --- types say something --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_no_name_of_a_class_stands_for_any(name: str) -> None:
    """`Graph = Any` reads like a type and checks nothing."""
    hollow = [target.id for node in ast.parse(MODULES[name].read_text("utf-8")).body if isinstance(node, ast.Assign)
              and isinstance(node.value, ast.Name) and node.value.id == "Any"
              for target in node.targets if isinstance(target, ast.Name)]
    assert not hollow


@pytest.mark.slow
def test_types_agree() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# --- what is imported when --------------------------------------------------------------------------------------------


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
        more = (declaration.state is not None) + ("" in declaration.functions)
        for function, count in ((declaration.kernel, 1 + more + len(definition.inputs)),
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
