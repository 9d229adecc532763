"""Records what TensorFlow computes for the samples of every declared op into data/ops/<Op>.json.

Run it with a Python that has TensorFlow 2.x (it imports tfmagic's declarations from this checkout):
    python tests/oracle/record_ops.py [OP ...]
A sample that TensorFlow refuses (no CPU kernel for the dtype, say) has no row.
"""

import json
import sys

import numpy as np
from record import HERE, header, oracle, strip_header

OPS = HERE / "data" / "ops"
sys.path.insert(0, str(HERE.parents[1]))


def main(names):
    tf = oracle()
    from oracle import graphdef
    from oracle.samples import sampled_ops, samples

    OPS.mkdir(parents=True, exist_ok=True)
    problems = []
    for name in names or sampled_ops():
        rows = []
        refusals = set()
        for sample in samples(name):
            try:
                rows.append(row(tf, name, sample))
            except Exception as error:
                refusals.add(f"{type(error).__name__}: {str(error)[:150].strip()}")
        if not rows:
            problems.append(f"{name}: no rows ({'; '.join(refusals) or 'no samples'})")
            continue
        text = graphdef.dumps({"recorded_from": header(tf), "rows": rows})
        path = OPS / f"{name}.json"
        if not path.exists() or strip_header(path.read_text()) != strip_header(text):
            path.write_text(text)
            print(f"{name}: {len(rows)} rows", *sorted(refusals))
    if not names:
        for path in OPS.glob("*.json"):
            if path.stem not in sampled_ops():
                path.unlink()
    return problems


def row(tf, name, sample):
    """One sample with its inputs, attrs and results as plain data."""
    from oracle import graphdef
    from oracle.run_op import run

    result = run(tf, name, sample)
    inputs = {k: graphdef.describe_value(v) for k, v in sample.items() if is_input(v)}
    gradients = result["gradients"]
    data = {
        "inputs": inputs,
        "attrs": {k: v for k, v in sample.items() if not is_input(v)},
        "outputs": graphdef.describe_value(result["outputs"]),
        "static": result["static"],
        "gradients": None if gradients is None else {k: graphdef.describe_value(v) for k, v in gradients.items()},
    }
    return json.loads(json.dumps(data))


def is_input(value):
    """Whether a sample's argument is an input rather than an attr."""
    return isinstance(value, np.ndarray | np.generic) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], np.ndarray | np.generic))


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
