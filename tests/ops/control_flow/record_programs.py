"""Records what TensorFlow gives for the programs: run with a Python that has TensorFlow (tensorflow.compat.v1)."""

import json
from pathlib import Path

import tensorflow.compat.v1 as tf
from programs import PROGRAMS, random_program, run

if __name__ == "__main__":
    tf.disable_v2_behavior()
    data = {"recorded_from": tf.version.VERSION, "programs": {}, "random": {}}
    for name, build in PROGRAMS.items():
        data["programs"][name] = run(tf, build)
    for seed in range(40):
        try:
            data["random"][str(seed)] = run(tf, lambda tf, seed=seed: random_program(tf, seed))
        except tf.errors.InvalidArgumentError as error:  # TensorFlow's own gradient of a dead branch can be dead
            print(seed, str(error).splitlines()[0])
    path = Path(__file__).with_name("programs.json")
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
