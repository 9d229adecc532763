"""TF1 programs whose graphs and values are recorded from TensorFlow and compared with tfmagic's."""

import importlib
import pkgutil
from dataclasses import dataclass, field

PROGRAMS = {}


@dataclass
class Case:
    """What to look at after a program has built its graph.

    Args:
        steps: `(fetches, feeds)` pairs, run in this order in one session; feeds may be None.
        init: whether to run the variables' initialiser first.
        show: tensors, operations or other objects whose `str` and `repr` are recorded.
        facts: plain values computed while building (static shapes, names, ...), recorded as they are.
    """

    steps: list = field(default_factory=list)
    init: bool = False
    show: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)


def program(build):
    """Registers `build(tf)`, which builds a graph in the default graph and returns a `Case` or None."""
    if build.__name__ in PROGRAMS:
        raise ValueError(f"two programs are called {build.__name__}")
    PROGRAMS[build.__name__] = build
    return build


def load():
    """All programs by name, from every module of this package."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return PROGRAMS
