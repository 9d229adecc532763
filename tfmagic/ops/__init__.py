"""TensorFlow's ops: shape rules, torch kernels and gradients, one package per family.

Importing this package declares every op that tfmagic can run; torch is not imported before a kernel runs.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    if _module.ispkg:
        importlib.import_module(f"{__name__}.{_module.name}")
