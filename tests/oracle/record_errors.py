"""Records what TensorFlow 1.15 raises for wrong input into data/errors.json.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_errors.py
"""

from __future__ import print_function

import json
import os
import re
import sys
from collections import OrderedDict

from record import DATA, header, oracle, write

ERRORS = os.path.join(DATA, "errors.json")


def first_lines(message):
    """The message without TensorFlow's own stack traces."""
    message = message.split("\n\nOriginal stack trace")[0]
    message = re.sub(r"0x[0-9a-f]+", "0x...", message)
    message = re.sub(r" ?\(defined at [^)]*\) ?", "", message)
    message = re.sub(r'File ".*?", line \d+', "File", message)
    lines = [line for line in message.splitlines() if "Traceback" not in line and not line.lstrip().startswith("File")]
    return "\n".join(lines[:8])[:700]


def main():
    from oracle.errors import load, observe
    from oracle.observe import as_in_3

    tf = oracle()
    records, problems = [], []
    cases = load()
    for name in sorted(cases):
        raised, alive = observe(tf, cases[name])
        if raised is None:
            problems.append(name + ": nothing raised")
            continue
        message = as_in_3(getattr(raised, "message", "") or str(raised))
        missing = [word for word in cases[name].words if word.lower() not in message.lower()]
        if missing:
            problems.append("{}: {} does not say {}: {!r}".format(
                name, type(raised).__name__, missing, first_lines(message)))  # fmt: skip
        if alive is False:
            print(name + ": TensorFlow's session does not survive")
        node = getattr(getattr(raised, "op", None), "name", None)
        records.append((name, OrderedDict([("class", type(raised).__name__), ("node", node),
                                           ("message", first_lines(message))])))  # fmt: skip
    lines = [u"{}: {}".format(json.dumps(name), json.dumps(record)) for name, record in records]
    lines.insert(0, u'"recorded_from": ' + json.dumps(header(tf)))
    write(ERRORS, u"{\n" + u",\n".join(lines) + u"\n}\n")
    print("{} cases".format(len(records)))
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main()) or None)
