"""TensorFlow 1 graphs drawn in Jupyter and run on PyTorch: the package's few public names."""

import os as _os
from typing import TYPE_CHECKING, Any

from tfmagic.assembly import assemble as _assemble

__version__ = "0.1.0"

# OpenMP reads it when torch is imported. By default torch's threads wait by turning round and round, so that beside
# other busy processes a small step takes many times as long.
_os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
_assemble()

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["__version__", "load_ipython_extension", "tf", "to_module", "unload_ipython_extension"]


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Loads the magics, displays and the `tensorflow` name (`%load_ext tfmagic`).

    Args:
      shell: the running IPython shell.
    """
    from tfmagic.notebook.shell import extension

    extension.load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """Takes back everything that `load_ipython_extension` did (`%unload_ext tfmagic`).

    Args:
      shell: the running IPython shell.
    """
    from tfmagic.notebook.shell import extension

    extension.unload(shell)


def __getattr__(name: str) -> Any:
    """Imports the larger public names on first use, so that `import tfmagic` stays instant."""
    import importlib

    if name == "tf":
        return importlib.import_module("tfmagic.tf")
    if name == "to_module":
        return importlib.import_module("tfmagic.session").to_module
    raise AttributeError(f"module 'tfmagic' has no attribute {name!r}")
