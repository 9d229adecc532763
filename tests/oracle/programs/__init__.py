"""TensorFlow 1 programs whose graphs and values are recorded from TensorFlow 1.15 and compared with tfmagic's.

They run under both, so they are written in the common subset of Python 2.7 and 3.
"""

import importlib
import pkgutil

PROGRAMS = {}


class Case(object):
    """What to look at after a program has built its graph.

    Args:
        steps: `(fetches, feeds)` pairs, run in this order in one session; feeds may be None.
        init: whether to run the variables' initialiser first.
        show: tensors, operations or other objects whose `str` and `repr` are recorded.
        facts: plain values computed while building (static shapes, names, ...), recorded as they are.
    """

    def __init__(self, steps=(), init=False, show=(), facts=None):
        self.steps = list(steps)
        self.init = init
        self.show = list(show)
        self.facts = facts or {}


def program(build):
    """Registers `build(tf)`, which builds a graph in the default graph and returns a `Case` or None."""
    if build.__name__ in PROGRAMS:
        raise ValueError("two programs are called " + build.__name__)
    PROGRAMS[build.__name__] = build
    return build


def load():
    """All programs by name, from every module of this package."""
    for module in sorted(name for _, name, _ in pkgutil.iter_modules(__path__)):
        importlib.import_module(__name__ + "." + module)
    return PROGRAMS


def find(name):
    """The program of this name, or the one that a Python file is.

    Args:
        name: a program's name; or a path of a file with a function `build(tf)`, or of one that builds its graph when it
            is run (`tf` is there already).
    """
    if not name.endswith(".py"):
        return load()[name]
    with open(name) as file:
        code = compile(file.read(), name, "exec")

    def build(tf):
        scope = {"tf": tf, "__name__": "program"}
        exec(code, scope)
        return scope["build"](tf) if "build" in scope else None

    return build
