"""Records the whole programs' graphs (as digests) and losses from TensorFlow 1.15 into data/whole.json.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_whole.py [PROGRAM ...]
"""

from __future__ import print_function

import json
import os
import sys

from record import DATA, header, oracle, read, write

PATH = os.path.join(DATA, "whole.json")


def main(names):
    from oracle.whole import load, observe

    tf = oracle()
    programs = load()
    records = json.loads(read(PATH) or "{}")
    records = {name: record for name, record in records.items() if name in programs}
    for name in names or sorted(programs):
        records[name] = observe(tf, programs[name])
        records["recorded_from"] = header(tf)
        lines = ['"{}": {}'.format(each, json.dumps(records[each], sort_keys=True)) for each in sorted(records)]
        write(PATH, u"{\n" + ",\n".join(lines) + "\n}\n")
        print(name, records[name].get("losses", "")[:3], records[name].get("losses", "")[-1:])


if __name__ == "__main__":
    main(sys.argv[1:])
