"""Records what TensorFlow 1.15 computes for the samples of every declared op into data/ops/<Op>.json.

Run it with tfmagic's Python; TFMAGIC_ORACLE names the Python that has TensorFlow 1.15 (`run_op.py` runs under it):
    TFMAGIC_ORACLE=... python tests/oracle/record_ops.py [OP ...]
Values and edges come first, then refusals: of those, each text once, a few of each phase.
"""

import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPS = HERE / "data" / "ops"
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from oracle import arrays
from oracle.run_op import LACKING

LARGEST = 150       # values of an output, more than which a row is not kept
EDGES = 4           # changed calls that TensorFlow accepts, kept for an op
REFUSALS = {"building": 4, "running": 4}
# Ops that gradient functions make: users do not call them, and their kernels trust what they get.
INTERNAL = re.compile(r"Grad(Grad)?(V\d|WithArgmax)?$|Backprop(Filter|Input)(V2)?$"
                      r"|^Batch(Ch|F|IF|Ma(?!tMul)|S|Nor)|IgammaGradA|^SparseTensorDenseAdd")
SECONDS = 60        # for one sample


class Oracle:
    """TensorFlow 1.15 in two processes that find other bytes in memory which nobody wrote to."""

    def __init__(self, python):
        self.workers = [Worker(python, fill) for fill in (0x2D, 0xD2)]
        self.header = self.workers[0].header
        self.threads = ThreadPoolExecutor(len(self.workers))

    def run(self, sample):
        """The result of a sample, "unset" for what was never written; None where TensorFlow crashed or hung."""
        first, second = self.threads.map(lambda worker: worker.run(sample), self.workers)
        if first is None or second is None or ("error" in first) != ("error" in second):
            return None
        return first if "error" in first else agreed(first, second)


def agreed(first, second):
    """What two results have in common."""
    if first == second:
        return first
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: agreed(value, second[key]) for key, value in first.items()}
    if isinstance(first, list) and not arrays.is_array(first) and len(first) == len(second):
        return [agreed(*pair) for pair in zip(first, second)]
    return "unset"


class Worker:
    """A process with TensorFlow 1.15 that answers samples; one that crashes is replaced.

    Args:
      python: its Python.
      fill: the byte that fresh memory is filled with.
    """

    def __init__(self, python, fill):
        self.python = python
        # glibc fills what it hands out, but for what it hands out again at once from a cache of each thread.
        self.environ = {**os.environ, "MALLOC_PERTURB_": str(fill), "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.python, str(HERE / "run_op.py")], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environ)
        self.header = self.process.stdout.readline().strip()

    def run(self, sample):
        """The result of a sample, or None where TensorFlow crashed or hung."""
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(sample) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if not answer:
            self.process.wait()
            self.start()
            return None
        return json.loads(answer)


def main(names):
    from oracle.samples import ALONE, sampled_ops, samples

    OPS.mkdir(parents=True, exist_ok=True)
    worker = Oracle(os.environ["TFMAGIC_ORACLE"])
    problems = [f"{name}: not recorded: {ALONE[name]}" for name in names if name in ALONE]
    for name in [name for name in names if name not in ALONE] or ([] if names else sampled_ops()):
        rows, refused, crashes = recorded(worker, samples(name))
        rows = [simplified(worker, name, row) if "error" in row else row for row in rows]
        if not any("outputs" in row for row in rows):
            problems.append(f"{name}: no values: {refused[:3]}")
        if rows:
            write(name, worker.header, rows)
        print(f"{name}: {sum('outputs' in row for row in rows)} values, {sum('error' in row for row in rows)} refusals"
              + (f", {crashes} crashes" if crashes else ""), flush=True)
    if not names:
        for path in OPS.glob("*.json"):
            if path.stem not in sampled_ops():
                path.unlink()
    return problems


def recorded(worker, samples):
    """The rows to keep of an op's samples, what TensorFlow said of those it refused, and how often it crashed.

    A wrong call that is refused while it is built is fed as well, so that its kernel must refuse it.
    """

    rows, refused, crashes = [], [], 0
    texts, room = set(), {**REFUSALS, "edges": EDGES}
    if INTERNAL.search(samples[0]["op"]):
        room = {"building": 2, "running": 2, "edges": 0}
    waiting = list(samples)
    while waiting:
        sample = waiting.pop(0)
        changed = sample.get("changed", False)
        if changed and not any(room.values()):
            break
        result = worker.run(sample)
        if result is None:
            crashes += 1
            continue
        if "error" in result:
            phase, cls, line = result["error"]
            refused.append(line)
            if phase == "building" and cls == "ValueError" and "feed" not in sample and any(
                    map(is_fed, sample["inputs"].values())):
                waiting.insert(0, {**sample, "feed": True})
            if cls == "UnicodeDecodeError":  # Python 2 cannot read the message
                continue
            text = phase + cls + re.sub(r"-?\d+", "0", line)
            if text in texts or (changed and not room[phase]) or LACKING.match(line):
                continue
            texts.add(text)
            room[phase] -= changed
        elif sample.get("feed") or not tells(result["outputs"]):
            continue
        elif changed:
            if not room["edges"]:
                continue
            room["edges"] -= 1
        kept = {key: value for key, value in sample.items() if key not in ("op", "changed")}
        rows.append({**kept, **{key: value for key, value in result.items() if value is not None}})
    return sorted(rows, key=lambda row: "error" in row), refused, crashes


def simplified(worker, name, row):
    """A refused row with ones for its numbers, where TensorFlow says the same of it: it is shorter."""
    inputs = {key: ones(value) for key, value in row["inputs"].items()}
    if inputs == row["inputs"]:
        return row
    sample = {key: value for key, value in row.items() if key != "error"}
    same = worker.run({"op": name, **sample, "inputs": inputs})
    return {**row, "inputs": inputs} if same == {"error": row["error"]} else row


def is_fed(value):
    """Whether an input of a sample is an array, or a list of them."""
    return isinstance(value, list)


def ones(value):
    """A written floating array (or list of them) filled with ones."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [ones(item) for item in value]
    return [value[0], [1, count]] if value[0].startswith("float") and (count := size(value)) >= 3 else value


def tells(outputs):
    """Whether outputs tell something, and not too much."""
    return all(size(output) <= LARGEST for output in outputs) and (
        not outputs or any(output != "unset" for output in outputs))


def size(output):
    """How many values a written output has."""
    if output == "unset":
        return 0
    runs = [output] if isinstance(output[0], str) else output
    return sum(item[1] if isinstance(item, list) else 1 for run in runs for item in run[1:])


def write(name, header, rows):
    """Writes an op's rows, one a line, unless they are there already."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path = OPS / f"{name}.json"
    head = f'{{"recorded_from":"{header}","rows":[\n'
    if not path.exists() or path.read_text().partition("\n")[2] != f"{lines}\n]}}\n":
        path.write_text(f"{head}{lines}\n]}}\n")


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
