"""Records what TensorFlow raises for wrong input into data/errors.json.

Run it with a Python that has TensorFlow 2.x:
    python tests/oracle/record_errors.py
"""

import json
import re
import sys

from record import HERE, header, oracle

ERRORS = HERE / "data" / "errors.json"


def first_lines(message):
    """The message without TensorFlow's own stack traces."""
    message = message.split("\n\nOriginal stack trace")[0]
    if message.startswith("Graph execution error:"):
        message = re.sub(r"^.*?\nNode: '[^']*'\n", "", message, flags=re.DOTALL)
    message = re.sub(r"0x[0-9a-f]+", "0x...", message)
    message = re.sub(r'File ".*?", line \d+', "File", message)
    lines = [line for line in message.splitlines() if "Traceback" not in line and not line.lstrip().startswith("File")]
    return "\n".join(lines[:8])[:700]


def main():
    from oracle.errors import load, observe

    tf = oracle()
    records, problems = {}, []
    for name, case in load().items():
        raised, alive = observe(tf, case)
        if raised is None:
            problems.append(f"{name}: nothing raised")
            continue
        message = getattr(raised, "message", str(raised))
        missing = [word for word in case.words if word.lower() not in message.lower()]
        if missing:
            problems.append(f"{name}: {type(raised).__name__} does not say {missing}: {first_lines(message)!r}")
        if alive is False:
            print(f"{name}: TensorFlow's session does not survive")
        parents = [c.__name__ for c in type(raised).__mro__ if c not in (object, BaseException, type(raised))]
        node = getattr(getattr(raised, "op", None), "name", None)
        records[name] = {"class": type(raised).__name__, "parents": parents, "node": node,
                         "message": first_lines(message)}
    lines = [f"{json.dumps(name)}: {json.dumps(record, ensure_ascii=False)}" for name,
             record in records.items()]
    ERRORS.write_text("{\n" + ",\n".join([f'"recorded_from": {json.dumps(header(tf))}', *lines]) + "\n}\n")
    print(f"{len(records)} cases")
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main()) or None)
