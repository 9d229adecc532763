"""Writes data/signatures.txt: argument names and defaults of TensorFlow 1.15's public functions and methods.

Run it with facts taken from TensorFlow 1.15.2 by introspection (one JSON object: qualified name -> kind,
                                                                 methods):
    python tests/oracle/compact_signatures.py FACTS.json
A line "[nn]" opens a module or class; each following line is a function with its arguments. A class lists what it
does not share with a base class listed before it; protocol buffers and keras-sized packages are left out.
"""

import ast
import json
import re
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent / "data" / "signatures.txt"
LEFT_OUT = ("keras", "estimator", "raw_ops", "lite", "tpu", "feature_column", "distributions", "distribute",
            "autograph", "app")


def arguments(facts):
    """The argument list in Python's notation from either of the two notations of the facts."""
    if not facts.startswith("args="):
        return facts[1:-1]
    match = re.fullmatch(r"args=(\[.*?\]), varargs=(\w+), keywords=(\w+), defaults=(.*)", facts)
    args, varargs, keywords, defaults = match.groups()
    if defaults != "None":
        raise ValueError(f"unexpected defaults in {facts}")
    names = ast.literal_eval(args)
    names += [f"*{varargs}"] if varargs != "None" else []
    names += [f"**{keywords}"] if keywords != "None" else []
    return ", ".join(names)


def sections(facts):
    """(name, kind, functions) for each module and class, modules first so that classes can be compared with bases."""
    wanted = {name.removeprefix("tf").removeprefix("."): entry for name,
              entry in facts.items() if entry["kind"] != "proto"}
    shared = {}
    for name, entry in sorted(wanted.items(), key=lambda item: (item[1]["kind"] != "module", item[0])):
        if name.split(".")[0] in LEFT_OUT:
            continue
        functions = {key: arguments(value) for key, value in entry.get("methods", {}).items()}
        if entry["kind"] == "class":
            origin = entry["bases"][0] if entry.get("bases") else name
            if origin in shared:
                continue
            shared[origin] = functions
            for base in entry.get("bases", [])[1:]:
                inherited = shared.get(base, {})
                functions = {k: v for k, v in functions.items() if inherited.get(k) != v}
        if functions:
            yield name or "tf", functions


def main(path):
    lines = ["# TensorFlow 1.15.2: argument names and defaults of public functions and methods."]
    for name, functions in sections(json.loads(Path(path).read_text())):
        lines.append(f"[{name}]")
        lines += [f"{key}({value})" for key, value in sorted(functions.items())]
    OUTPUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
