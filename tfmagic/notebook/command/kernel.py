"""Starts the `tfmagic` Jupyter kernel: `python -m tfmagic.notebook.command.kernel -f CONNECTION_FILE`."""

from __future__ import annotations

import sys
import traceback

from ipykernel.kernelapp import IPKernelApp

from tfmagic.notebook.legacy import alias


class KernelApp(IPKernelApp):
    """IPython's kernel with tfmagic loaded; it refuses to start without it."""

    name = "tfmagic-kernel"

    def init_extensions(self) -> None:
        super().init_extensions()
        try:
            # Jupyter's own loader only logs an extension that fails, and a cell would then meet a bare kernel.
            self.shell.extension_manager.load_extension("tfmagic")  # type: ignore[union-attr]
            alias.install(force=True)
        except Exception:
            # By now sys.stderr goes to a client that has not connected yet; the server's log is where people look.
            traceback.print_exc(file=sys.__stderr__)
            print("tfmagic: the extension could not be loaded, so the kernel does not start. `tfmagic doctor` checks "
                  "the installation.", file=sys.__stderr__)
            sys.exit(1)


def main() -> None:
    """Run the kernel until it is shut down."""
    KernelApp.launch_instance()


if __name__ == "__main__":
    # Leave __main__ to the user's cells: the application must not run from this module's own namespace.
    from tfmagic.notebook.command.kernel import main as start

    start()
