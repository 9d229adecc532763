"""A process that times programs in one framework; it answers one JSON line for each it reads.

Started as `python benchmarks/worker.py tfmagic|tensorflow|tensorflow1|pytorch THREADS`, each framework with its own
interpreter. A request {"program": name, "seconds": s} is answered by {"seconds": the time of one piece of
work}, one {"program": name, "steps": n} by {"steps": n} when they are done.
"""

import gc
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks import gpus, models, pipelines, programs, resnet, sequences, single_ops

TENSORFLOW = {}
for part in (programs, resnet, models, sequences, pipelines, gpus, single_ops):
    TENSORFLOW.update(part.TENSORFLOW)
PYTORCH = dict(dict(programs.PYTORCH, **resnet.PYTORCH), **gpus.PYTORCH)


def tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf, TENSORFLOW, tf.version.VERSION


def tensorflow1():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    return tf, TENSORFLOW, tf.version.VERSION


def tfmagic():
    from tfmagic import __version__, tf  # first, as in a program for TensorFlow: it says how torch's threads wait

    if int(sys.argv[2]):
        import torch

        torch.set_num_threads(int(sys.argv[2]))
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf, TENSORFLOW, __version__


def pytorch():
    import torch

    return torch, PYTORCH, torch.__version__


FRAMEWORKS = {"tfmagic": tfmagic, "tensorflow": tensorflow, "tensorflow1": tensorflow1, "pytorch": pytorch}


# Seconds that a program runs before it is timed, and calls, which may take it longer: what runs often is measured.
WARM, CALLS, LONGEST = 1.0, 3000, 10.0

clock = getattr(time, "perf_counter", time.time)  # TensorFlow 1.15 may have a Python without


def timed(step, seconds):
    """Seconds for one call of `step`, from as many calls as fit into `seconds`."""
    step()
    start = clock()
    step()
    once = clock() - start
    calls = max(1, int(seconds / max(once, 1e-7)))
    gc.collect()
    start = clock()
    for _ in range(calls):
        step()
    return (clock() - start) / calls


def warm(step):
    """Call `step` until it has run often enough to be timed."""
    start, calls = clock(), 0
    while clock() - start < (WARM if calls >= CALLS else LONGEST):
        step()
        calls += 1


def answered(request, prepared, framework, available, threads):
    """The answer to a request.

    Arguments:
      request: as said above; one {"program": name, "peak": true} is answered by {"bytes": the peak of its memory}.
      prepared: the programs that were timed before, by name, where this one is kept.
      framework, available, threads: the framework's module, its programs, how many threads it may use.
    """
    name = request["program"]
    if request.get("peak"):
        from benchmarks import memory

        return {"bytes": memory.peak(lambda: available[name](framework, threads))}
    if "steps" in request:
        step, _ = available[name](framework, threads)
        for _ in range(request["steps"]):
            step()
        return {"steps": request["steps"]}
    if name not in prepared:
        prepared[name] = available[name](framework, threads)
        warm(prepared[name][0])
    step, units = prepared[name]
    return {"seconds": timed(step, request["seconds"]) / units}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints must not mix with the answers

    def answer(what):
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    framework, available, version = FRAMEWORKS[sys.argv[1]]()
    answer({"version": version})
    prepared = {}
    for line in iter(sys.stdin.readline, ""):
        answer(answered(json.loads(line), prepared, framework, available, int(sys.argv[2])))


if __name__ == "__main__":
    main()
