"""Records into programs.json what TensorFlow 1.15 gives for the programs: run it with a Python that has that."""

from __future__ import print_function

import io
import json
import os
import sys

sys.dont_write_bytecode = True

import tensorflow as tf
from programs import PROGRAMS, random_program, run

if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    programs = {name: run(tf, build) for name, build in PROGRAMS.items()}
    found = {}
    for seed in range(40):
        try:
            found[str(seed)] = run(tf, lambda tf, seed=seed: random_program(tf, seed))
        except tf.errors.InvalidArgumentError as error:  # TensorFlow's own gradient of a dead branch can be dead
            print(seed, str(error).splitlines()[0])
    data = {"recorded_from": "TensorFlow " + tf.__version__, "programs": programs, "random": found}
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs.json")
    with io.open(path, "w", encoding="utf-8") as file:
        file.write(u"{}\n".format(text))
