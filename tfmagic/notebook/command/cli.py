"""The `tfmagic` command: demo, run, data, show, lab, doctor, kernel install."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import tfmagic
from tfmagic.base import errors
from tfmagic.formats.datasets.fetch import SYNTHETIC
from tfmagic.notebook.command import places
from tfmagic.notebook.shell import language


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
      argv: the arguments; those of the process by default.

    Returns:
      The exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    further: list[str] = []
    if arguments[:1] == ["run"]:
        arguments, further = _split_run(arguments)
    elif arguments[:1] == ["lab"] and "--" in arguments:
        mark = arguments.index("--")
        arguments, further = arguments[:mark], arguments[mark + 1:]
    parsed = _parser().parse_args(arguments)
    if parsed.command == "run":
        return _run(parsed, further)
    if parsed.command == "lab":
        return _lab(parsed, further)
    return int(parsed.action(parsed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tfmagic", description="TensorFlow 1 graphs in Jupyter, run on PyTorch.")
    parser.add_argument("--version", action="version", version=f"tfmagic {tfmagic.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="run the introduction and write it as a page with its drawings")
    demo.add_argument("--lang", choices=tuple(places.INTRODUCTIONS), default=language.of_surroundings(),
                      help="English or Portuguese (default here: %(default)s)")
    demo.add_argument("--html", type=Path, default=Path("tfmagic-demo.html"), metavar="OUT", help="the page to write")
    demo.add_argument("--no-open", action="store_true", help="do not open the page")
    demo.set_defaults(action=_demo)

    run = commands.add_parser("run", help="run a TF1 notebook or script, unmodified", allow_abbrev=False,
                              usage="tfmagic run FILE.ipynb|FILE.py [--html OUT] [--device cpu|cuda] [--synthetic] "
                                    "[--py2] [ARGUMENT ...]",
                              epilog="Further arguments, and all after --, go to the script.")
    run.add_argument("file", type=Path, metavar="FILE", help="a notebook (.ipynb) or a script")
    run.add_argument("--html", type=Path, metavar="OUT",
                     help="the page to write (default for a notebook: its name with .html, in this folder)")
    run.add_argument("--device", choices=("cpu", "cuda"), help="where work goes that no tf.device places")
    run.add_argument("--synthetic", action="store_true",
                     help="make up data where the program reads MNIST or another data set and has none")
    run.add_argument("--py2", action="store_true", help="the program is written in Python 2")

    data = commands.add_parser("data", help="put a data set where every program finds it")
    data.add_argument("name", choices=(
        "mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters"), help="which")
    data.add_argument("source", nargs="?", type=Path, metavar="FILE",
                      help="a folder that has the files, a .zip or .tar of them, or Keras' .npz (default: fetch them)")
    data.add_argument("--to", type=Path, metavar="FOLDER", help="write them here instead of into tfmagic's own folder")
    data.add_argument("--synthetic", action="store_true", help="made-up data in its form, to try a program out offline")
    data.set_defaults(action=_data)

    show = commands.add_parser("show", help="say what is in a SavedModel, a graph's file or a checkpoint")
    show.add_argument("path", type=Path, metavar="DIR|PB|CKPT",
                      help="a SavedModel's folder, a folder with checkpoints, a .pb, .pbtxt or .meta file, or a "
                           "checkpoint")
    show.set_defaults(action=_show)

    lab = commands.add_parser("lab", help="open JupyterLab on the notebooks that come with tfmagic",
                              epilog="All after -- goes to JupyterLab, for instance: tfmagic lab -- --no-browser")
    lab.add_argument("folder", nargs="?", type=Path, default=Path("tfmagic-notebooks"),
                     help="where your copies of the notebooks lie (default: ./tfmagic-notebooks)")

    doctor = commands.add_parser("doctor", help="print versions, devices, layout engine, lab extension and kernelspec")
    doctor.set_defaults(action=_doctor)

    kernels = commands.add_parser("kernel", help="manage the Jupyter kernel")
    kernel = kernels.add_subparsers(required=True, metavar="COMMAND")
    install = kernel.add_parser("install", help="install the kernelspec, bound to this Python")
    where = install.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for the current user")
    where.add_argument("--prefix", help="into an environment's folder (default: this one)")
    install.add_argument("--name", default="tfmagic", help="the kernel's name")
    install.set_defaults(action=_kernel_install)
    return parser


def _split_run(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Tell tfmagic's own arguments of `run` from those of the script."""
    own, rest = [arguments[0]], []
    queue = arguments[1:]
    has_file = False
    while queue:
        word = queue.pop(0)
        if word == "--":
            rest += queue
            break
        if word in ("--html", "--device"):
            own.append(word)
            own += queue[:1]
            queue = queue[1:]
        elif word.startswith(("--html=", "--device=")) or word in ("--synthetic", "--py2") or not has_file:
            own.append(word)
            has_file = has_file or not word.startswith("-")
        else:
            rest.append(word)
    return own, rest


def _run(parsed: argparse.Namespace, script_arguments: list[str]) -> int:
    path: Path = parsed.file
    if not path.is_file():
        return _failed(f"there is no file {path}")
    if parsed.device == "cuda" and not _has_cuda():
        return _failed("torch finds no CUDA device on this machine; leave --device out or say --device cpu")
    if parsed.synthetic:
        os.environ[SYNTHETIC] = "1"
    if path.suffix == ".ipynb":
        if script_arguments:
            return _failed(f"a notebook takes no arguments: {' '.join(script_arguments)}")
        return _run_notebook(path, parsed)
    from tfmagic.notebook.command import execute

    if parsed.html is None:
        return execute.run_script(path, script_arguments, parsed.device, parsed.py2)
    from tfmagic.notebook.command import script_page

    return script_page.run(path, script_arguments, parsed.device, parsed.html, parsed.py2)


def _data(parsed: argparse.Namespace) -> int:
    from tfmagic.formats.datasets import keras, mnist

    source: Any = mnist.SOURCES.get(parsed.name)
    form: Any = mnist
    if source is None:
        source, form = parsed.name, keras
    try:
        if parsed.synthetic:
            folder = form.synthesize(source, parsed.to)
        elif parsed.source is None:
            folder = form.download(source, parsed.to)
        else:
            folder = form.install(source, parsed.source, parsed.to)
    except (OSError, ValueError, errors.DataLossError) as error:
        return _failed(str(error))
    print(f"{parsed.name} is in {folder}")
    return 0


def _show(parsed: argparse.Namespace) -> int:
    from tfmagic.notebook.command import show

    try:
        for line in show.lines(parsed.path):
            print(line)
    except (OSError, TypeError, ValueError, errors.OpError) as error:
        return _failed(str(error))
    return 0


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _run_notebook(path: Path, parsed: argparse.Namespace) -> int:
    import nbformat

    from tfmagic.notebook.command import execute, page

    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its parsers raise
        return _failed(f"{path} cannot be read as a notebook: {error}")
    outcome = execute.run_notebook(notebook, path.parent.resolve(), parsed.device, path.name, parsed.py2)
    spoken = language.of_metadata(notebook.metadata) or "en"
    written = page.write(outcome.notebook, parsed.html or Path(path.stem + ".html"), path.stem, spoken)
    if outcome.error:
        print(outcome.error, file=sys.stderr)
    print(f"Wrote {written}")
    return 1 if outcome.error else 0


def _demo(parsed: argparse.Namespace) -> int:
    from tfmagic.notebook.command import demo

    written, error = demo.run(parsed.html, parsed.lang)
    if error:
        print(error, file=sys.stderr)
    print(f"Wrote {written}")
    if not error:
        print("`tfmagic lab` opens it in JupyterLab, to be tried out."
              + ("" if _has_lab() else f" It needs: {places.lab_advice()}"))
    if not error and not parsed.no_open and _has_display():
        import webbrowser

        webbrowser.open(written.as_uri())
    return 1 if error else 0


def _has_display() -> bool:
    """Whether a browser window can appear."""
    if os.environ.get("CI"):
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return not os.environ.get("SSH_CONNECTION")


def _has_lab() -> bool:
    return importlib.util.find_spec("jupyterlab") is not None


def _lab(parsed: argparse.Namespace, lab_arguments: list[str]) -> int:
    import shutil
    import subprocess

    if not _has_lab():
        return _failed(f"JupyterLab is not installed here. {places.lab_advice()}")
    folder: Path = parsed.folder
    for source in sorted(places.notebooks().rglob("*.ipynb")):
        target = folder / source.relative_to(places.notebooks())
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    from tfmagic.notebook.command import kernelspec, lab_extension

    if not kernelspec.installed():
        kernelspec.install()
    if lab_extension.install() is None:
        print(f"tfmagic: the interactive drawings were not built; {lab_extension.ADVICE}.", file=sys.stderr)
    return subprocess.call([sys.executable, "-m", "jupyterlab", *lab_arguments, str(folder)])


def _doctor(parsed: argparse.Namespace) -> int:
    from tfmagic.notebook.command import doctor

    text, well = doctor.report()
    print(text)
    return 0 if well else 1


def _kernel_install(parsed: argparse.Namespace) -> int:
    from tfmagic.notebook.command import kernelspec

    try:
        print(f"Installed {kernelspec.install(parsed.user, parsed.prefix, parsed.name)}")
    except (OSError, ValueError) as error:
        return _failed(f"the kernelspec could not be installed: {error}")
    return 0


def _failed(message: str) -> int:
    print(f"tfmagic: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
