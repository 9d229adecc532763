"""Cells of Python 2: with `TFMAGIC_PY2=1` in the environment (`%env` will do) they are translated as programs are."""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

VARIABLE = "TFMAGIC_PY2"


def is_on() -> bool:
    """Whether cells are Python 2."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def register(shell: InteractiveShell, undo: contextlib.ExitStack) -> None:
    """Translate the cells of a shell while the variable says so, and name the variable where it would help.

    Args:
      shell: the IPython shell.
      undo: gets what takes it back.
    """
    compiler: Any = shell.compile
    parse = compiler.ast_parse
    features: set[str] = set()  # of `__future__`: they hold for later cells too

    def parse_cell(source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        if not is_on() or symbol != "exec":
            return parse(source, filename, symbol)
        from tfmagic.notebook.legacy.py2 import runtime, semantics, translate

        module = translate.translate(source, filename, "print_function" in features, "division" in features)
        features.update(semantics.future_features(module))
        for name, value in runtime.BUILTINS.items():
            shell.user_ns.setdefault(name, value)
            shell.user_ns_hidden.setdefault(name, value)
        return module

    def advise(result: ExecutionResult) -> None:
        error = result.error_before_exec or result.error_in_exec
        if error is None or is_on():
            return
        from tfmagic.notebook.legacy.py2 import signs

        if signs.of_python2(error, result.info.raw_cell if result.info is not None else None):
            print(f"tfmagic: this is Python 2. `%env {VARIABLE}=1` lets the cells of this notebook be Python 2 from "
                  "now on; `tfmagic run --py2 FILE.ipynb` runs a whole one.", file=sys.stderr)

    compiler.ast_parse = parse_cell
    undo.callback(vars(compiler).pop, "ast_parse", None)
    shell.events.register("post_run_cell", advise)
    undo.callback(shell.events.unregister, "post_run_cell", advise)
