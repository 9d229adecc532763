"""A process that runs samples of every op, and prints which of them would import torch's compiler, and where.

While it runs the compiler cannot be imported: what is asked of torch without an answer of its own is noticed each time.
"""

from __future__ import annotations

import importlib.abc
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracle import run_op
from oracle.op_differences import RESULTS, can_be_fed, rows
from oracle.samples import sampled_ops

from tfmagic import tf

COMPILER = {"sympy", "scipy", "torch._dynamo", "torch._inductor", "torch.fx.experimental.symbolic_shapes"}
OF_EACH = 3  # samples of an op


class Refusing(importlib.abc.MetaPathFinder):
    """Refuses the compiler's modules, and notes from which of our lines they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name in COMPILER:
            ours = [f for f in traceback.extract_stack() if "/tfmagic/" in f.filename and "/lower/" not in f.filename]
            self.asked.append(f"{name} {Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].line}")
            raise ImportError(name)


def run(sample: Any, fed: bool) -> None:
    """Run a sample and its gradients; what it is refused for is compared elsewhere."""
    with tf.Graph().as_default(), tf.device("/cpu:0"), run_op.session(tf) as session:
        try:
            built = run_op.Built(tf, sample, "ranked" if fed else "constant")
            built.run(session)
        except Exception:
            return
        if not {"feed", "runs", "fetch"}.intersection(sample):
            run_op.gradients(tf, built, session)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what ops print is no answer
    warnings.simplefilter("ignore")
    tf.Session().run(tf.constant(1.0) * 2)  # the torch that every run imports
    refusing = Refusing()
    sys.meta_path.insert(0, refusing)
    for name in sampled_ops():
        for row in [row for row in rows(name) if "outputs" in row][:OF_EACH]:
            sample = {"op": name, **{key: value for key, value in row.items() if key not in RESULTS}}
            run(sample, can_be_fed(sample, row))
        for line in sorted(set(refusing.asked)):
            print(f"{name}: {line}", file=answers)
        refusing.asked.clear()
    print("all ops ran", file=answers)


if __name__ == "__main__":
    main()
