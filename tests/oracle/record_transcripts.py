"""Records what the scripts of transcripts/ print under TensorFlow 1.15, each in a process of its own.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_transcripts.py [SCRIPT ...]
For what changes the whole process (`tf.config`) or prints by itself (`tf.profiler`). A script uses `tf` and `say`.
"""

from __future__ import print_function

import os
import subprocess
import sys

from record import DATA, HERE, header, oracle, write

sys.path.insert(0, os.path.dirname(HERE))

SCRIPTS = os.path.join(HERE, "transcripts")
TEXTS = os.path.join(DATA, "transcripts")


def names():
    return sorted(file[:-len(".py")] for file in os.listdir(SCRIPTS) if file.endswith(".py"))


def play(tf, name):
    """Run a script: `say(label, value)` prints a value's repr or, where it is a function, what it gives or raises."""
    from oracle.observe import as_in_3

    def say(label, value=None):
        if callable(value):
            try:
                value = value()
            except Exception as error:  # a script shows what is refused, too
                print("{}: {}: {}".format(label, type(error).__name__, as_in_3(str(error).split("\n")[0])))
                sys.stdout.flush()
                return
        print("{}: {}".format(label, as_in_3(repr(value))))
        sys.stdout.flush()

    with open(os.path.join(SCRIPTS, name + ".py")) as file:
        code = compile(file.read(), name + ".py", "exec")
    exec(code, {"tf": tf, "say": say, "__name__": "__main__"})


def main(arguments):
    if arguments[:1] == ["--play"]:
        play(oracle(), arguments[1])
        return
    oracle()
    for name in arguments or names():
        done = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--play", name], stdout=subprocess.PIPE)
        text = done.communicate()[0].decode("utf-8")
        if done.returncode:
            raise SystemExit(name + " failed")
        write(os.path.join(TEXTS, name + ".txt"), u"# " + header(oracle()) + u"\n" + text)
        print(name, len(text.splitlines()))


if __name__ == "__main__":
    main(sys.argv[1:])
