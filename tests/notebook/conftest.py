"""Shells and kernels for the tests of the notebook floor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from shells import Shell

from tfmagic import tf
from tfmagic.graph import context
from tfmagic.notebook.legacy import alias
from tfmagic.notebook.shell import extension


@pytest.fixture
def bare_shell() -> Iterator[Shell]:
    """A shell without the extension."""
    context.reset_default_graph()
    shell = Shell()
    yield shell
    for thing in list(shell.ip.user_ns.values()):
        if isinstance(thing, tf.InteractiveSession):  # else the next test begins within it
            thing.close()
    extension.unload(shell.ip)
    InteractiveShell.clear_instance()
    context.reset_default_graph()


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """A shell with the extension loaded and `import tensorflow as tf` done."""
    bare_shell.ok("%load_ext tfmagic")
    bare_shell.ok("import tensorflow as tf")
    return bare_shell


@pytest.fixture
def tensorflow_alias() -> Iterator[None]:
    """`import tensorflow` leads to tfmagic within the test."""
    alias.install(force=True)
    yield
    alias.uninstall()
