"""`tfmagic doctor`: versions, devices, layout engine and kernelspec, and what to do about what is missing."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib import metadata

import tfmagic
from tfmagic.notebook.command import places

_PACKAGES = ("torch", "numpy", "ipython", "ipykernel", "nbclient", "nbconvert", "graphviz-pure", "tensorboard",
             "protobuf", *places.LAB)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
      what: what was looked at.
      found: what was found.
      advice: what to do when something is missing, else "".
    """

    what: str
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything that tfmagic needs."""
    return [Finding("tfmagic", f"{tfmagic.__version__} (TensorFlow API 1.15.2)"),
            Finding("python", f"{platform.python_version()} ({sys.executable})"),
            Finding("system", platform.platform()),
            *map(_package, _PACKAGES), _devices(), _engine(), _renderer(), _lab_extension(),
            *_kernelspec(), _tensorflow()]


def _package(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        advice = places.lab_advice() if name in places.LAB else f"pip install {name}"
        return Finding(name, "not installed", advice)


def _devices() -> Finding:
    from tfmagic.session.devices.listing import local_devices

    return Finding("devices", ", ".join(d.name.rpartition("device:")[2] for d in local_devices()))


def _engine() -> Finding:
    from tfmagic.view.paint.engine import EngineError, find_engine, run_engine

    try:
        program = find_engine()
        if program is None:
            return Finding("layout engine", "none", "pip install graphviz-pure; until then drawings are text")
        run_engine("digraph{a->b}", "svg")
    except EngineError as error:
        return Finding("layout engine", "does not work", str(error))
    return Finding("layout engine", program)


def _renderer() -> Finding:
    from tfmagic.notebook.command import lab_extension
    from tfmagic.view.paint import interactive

    if not interactive.script():
        return Finding("interactive pages", "not built", lab_extension.ADVICE)
    return Finding("interactive pages", str(interactive.SCRIPT))


def _lab_extension() -> Finding:
    from tfmagic.notebook.command import lab_extension

    what, folder = "lab extension", lab_extension.found()
    if folder is None:
        built = lab_extension.built()
        return Finding(what, "not in Jupyter's path" if built else "not built",
                       "tfmagic lab puts it there" if built else lab_extension.ADVICE)
    if lab_extension.is_disabled():
        return Finding(what, f"disabled ({folder})", "jupyter labextension enable tfmagic")
    return Finding(what, f"enabled ({folder})")


def _kernelspec() -> list[Finding]:
    from tfmagic.notebook.command import kernelspec

    found = kernelspec.installed()
    if not found:
        return [Finding("kernelspec", "not in Jupyter's path", "tfmagic kernel install --user")]
    return [Finding("kernelspec", f"{name} ({folder})") for name, folder in found.items()]


def _tensorflow() -> Finding:
    from tfmagic.notebook.legacy import alias

    real = alias.real_tensorflow()
    if real is None:
        return Finding("tensorflow", "not installed: `import tensorflow` leads to tfmagic after %load_ext tfmagic")
    return Finding("tensorflow", f"{real} is installed: the tfmagic kernel and %tensorflow_version 1.x go before it")


def report() -> tuple[str, bool]:
    """The report as text, and whether all that is needed is there."""
    findings = examine()
    width = max(len(f.what) for f in findings)
    lines = [f"{f.what:<{width}}  {f.found}" + (f"  ->  {f.advice}" if f.advice else "") for f in findings]
    return "\n".join(lines), all(not f.advice or f.what in places.LAB for f in findings)
