"""Prints in what tfmagic differs from TensorFlow 1.15 in one program.

    python tests/oracle/difference.py PROGRAM|ERROR_CASE|FILE.py ...
    python tests/oracle/difference.py --all       all programs and error cases: the first difference of each

A program that is recorded is compared with its record. A file, or a program that is not recorded, is run live by the
Python that the environment variable TFMAGIC_ORACLE names, one that has TensorFlow 1.15. A file defines `build(tf)`,
like a program in programs/, or builds its graph when it is run.
"""

import contextlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from oracle import compare, errors, graphdef, programs
from oracle.meant_differences import meant_parts
from oracle.observe import observe

from tfmagic import tf
from tfmagic.graph import registry

GRAPHS = HERE / "data" / "graphs"


def recorded(name):
    """What TensorFlow 1.15 gave for a program or a file: its record, else a live run."""
    path = GRAPHS / f"{name}.json"
    if path.exists():
        return unpacked(path.read_text())
    python = os.environ.get("TFMAGIC_ORACLE")
    if not python:
        raise SystemExit(f"{name} is not recorded: TFMAGIC_ORACLE must name a Python that has TensorFlow 1.15")
    done = subprocess.run([python, str(HERE / "record.py"), "--print", name], stdout=subprocess.PIPE, check=True)
    return unpacked(done.stdout)


def unpacked(text):
    """A record as `observe` gave it."""
    record = json.loads(text)
    record["nodes"] = graphdef.unpack(record)
    return record


@contextlib.contextmanager
def as_in_a_new_process():
    """A program was recorded in a process of its own: here it may be built several times, after others."""
    shared = tf.contrib.specs.Shared
    numbers = shared.shared_number
    shared.shared_number = 1
    try:
        yield
    finally:
        shared.shared_number = numbers
        for name in registry.users_gradients():
            if registry.user_gradient(name)[1].__module__.startswith(programs.__name__):
                registry.forget_gradient(name)


def program_differences(name):
    """Texts about one program or file, none where it is TensorFlow's."""
    expected = recorded(name)
    try:
        with as_in_a_new_process():
            actual = graphdef.plain(observe(tf, programs.find(name)))
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return compare.differences(expected, actual, meant_parts("program", name))


def error_differences(name, records=None):
    """Texts about one error case."""
    records = records or json.loads((HERE / "data" / "errors.json").read_text())
    case = errors.load()[name]
    raised, alive = errors.observe(tf, case)
    return compare.error_differences(records[name], case, raised, alive, meant_parts("error", name))


def first_line(texts):
    """The first line that says in what two things differ."""
    lines = [line for text in texts for line in text.splitlines()]
    return next((line for line in lines if not line.endswith(":")), lines[0])[:200]


def everything():
    """The first difference of each program and error case, a line each."""
    lines = []
    for name in sorted(programs.load()):
        found = program_differences(name)
        if found:
            lines.append(f"{name}: {first_line(found)}")
    for name in errors.load():
        found = error_differences(name)
        if found:
            lines.append(f"error {name}: {first_line(found)}")
    return lines


def main(arguments):
    warnings.simplefilter("ignore")
    tf.logging.set_verbosity(tf.logging.ERROR)
    sys.modules.setdefault("tensorflow", tf)
    if arguments == ["--all"]:
        lines = everything()
        print("\n".join(lines))
        return f"{len(lines)} of {len(programs.load()) + len(errors.load())} differ" if lines else None
    found = {name: error_differences(name) if name in errors.load() else program_differences(name)
             for name in arguments}
    for name, texts in found.items():
        print(f"{name}: " + ("\n".join(texts) or "no difference"))
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
