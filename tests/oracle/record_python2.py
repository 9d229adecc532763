"""Records what programs print under Python 2 and TensorFlow 1.15: `python record_python2.py [NAME.py2 ...]`.

Runs under TensorFlow 1.15's own Python 2.7 and 3. Beside `NAME.py2` comes `NAME.txt`: what it printed and, where
it failed, the lines of its own in the traceback.
"""
from __future__ import print_function

import io
import os
import re
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python2")


def own_lines(traceback, name):
    """The lines of a program itself in a traceback: number, function, source."""
    return ["%s %s: %s" % found for found in
            re.findall(r'File "[^"]*%s", line (\d+), in (\S+)\n +(\S.*)' % re.escape(name), traceback)]


def record(name):
    """Run one program and write what it printed."""
    process = subprocess.Popen([sys.executable, name], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed, traceback = process.communicate()
    text = printed.decode("utf-8")
    if process.returncode:
        text += "\n".join(["FAILED"] + own_lines(traceback.decode("utf-8"), name)) + "\n"
    with io.open(os.path.join(FOLDER, name.replace(".py2", ".txt")), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


if __name__ == "__main__":
    for each in sys.argv[1:] or sorted(os.listdir(FOLDER)):
        if each.endswith(".py2"):
            record(each)
            print(each)
