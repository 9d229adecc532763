"""Records what TensorFlow 1.15 computes for the samples of every declared op into data/ops/<Op>.json.

Run it with tfmagic's Python; the argument names the Python that has TensorFlow 1.15 (`run_op.py` runs under it):
    python tests/oracle/record_ops.py TF115/python [OP ...]
Values and edges come first, then refusals: of those, each text once, a few of each phase.
"""

import json
import re
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPS = HERE / "data" / "ops"
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

LARGEST = 150       # values of an output, more than which a row is not kept
EDGES = 4           # changed calls that TensorFlow accepts, kept for an op
REFUSALS = {"building": 4, "running": 4}
SECONDS = 60        # for one sample


class Worker:
    """A process with TensorFlow 1.15 that answers samples; one that crashes is replaced."""

    def __init__(self, python):
        self.python = python
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.python, str(HERE / "run_op.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.version = self.process.stdout.readline().strip()

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


def main(python, names):
    from oracle.samples import sampled_ops, samples

    OPS.mkdir(parents=True, exist_ok=True)
    worker = Worker(python)
    problems = []
    for name in names or sampled_ops():
        results = [(sample, worker.run(sample)) for sample in samples(name)]
        crashes = sum(result is None for _, result in results)
        rows = chosen([(sample, result) for sample, result in results if result is not None])
        rows = [simplified(worker, name, row) if "error" in row else row for row in rows]
        if not any("outputs" in row for row in rows):
            refused = {tuple(result["error"]) for _, result in results if result and "error" in result}
            problems.append(f"{name}: no values ({len(results)} samples; {sorted(refused)[:3]})")
        if rows:
            write(name, worker.version, rows)
        print(f"{name}: {sum('outputs' in row for row in rows)} values, {sum('error' in row for row in rows)} refusals"
              + (f", {crashes} crashes" if crashes else ""), flush=True)
    if not names:
        for path in OPS.glob("*.json"):
            if path.stem not in sampled_ops():
                path.unlink()
    return problems


def chosen(results):
    """The rows to keep."""
    rows, texts, edges, room = [], set(), 0, dict(REFUSALS)
    for sample, result in results:
        wrong = sample.pop("changed", False)
        if "error" in result:
            phase, cls, line = result["error"]
            text = phase + cls + re.sub(r"-?\d+", "0", line)
            if text in texts or not room[phase] or "No OpKernel was registered" in line or "upported" in cls:
                continue
            texts.add(text)
            room[phase] -= 1
        elif any(size(output) > LARGEST for output in result["outputs"]):
            continue
        elif wrong:
            if edges == EDGES or sample.get("feed"):
                continue
            edges += 1
        rows.append({**{key: value for key, value in sample.items() if key != "op"}, **compact(result)})
    return sorted(rows, key=lambda row: "error" in row)


def simplified(worker, name, row):
    """A refused row with ones for its numbers, where TensorFlow says the same of it: it is shorter."""
    inputs = {key: ones(value) for key, value in row["inputs"].items()}
    if inputs == row["inputs"]:
        return row
    sample = {key: value for key, value in row.items() if key != "error"}
    same = worker.run({"op": name, **sample, "inputs": inputs})
    return {**row, "inputs": inputs} if same == {"error": row["error"]} else row


def ones(value):
    """A written floating array (or list of them) filled with ones."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [ones(item) for item in value]
    return [value[0], [1, count]] if value[0].startswith("float") and (count := size(value)) >= 3 else value


def size(output):
    """How many values a written output has."""
    runs = [output] if isinstance(output[0], str) else output
    return sum(item[1] if isinstance(item, list) else 1 for run in runs for item in run[1:])


def compact(result):
    """A result without what goes without saying."""
    return {key: value for key, value in result.items() if value is not None}


def write(name, version, rows):
    """Writes an op's rows, one a line, unless they are there already."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path = OPS / f"{name}.json"
    head = f'{{"recorded_from":"TensorFlow {version}, {date.today().isoformat()}","rows":[\n'
    if not path.exists() or path.read_text().partition("\n")[2] != f"{lines}\n]}}\n":
        path.write_text(f"{head}{lines}\n]}}\n")


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1], sys.argv[2:])) or None)
