"""Memory of training: what torch's allocator holds at most, for tfmagic and for eager PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.peers import Peer

# program, what it is; how many times the peer's peak it may have at most
PROGRAMS = (
    ("mlp_step", "MLP 784-100-10, Adam, batch 64"),
    ("wide_mlp_step", "MLP 784-1024-1024-10, batch 256"),
    ("cnn_step", "CNN 28 x 28, batch 32"),
    ("lstm_step", "LSTM 28 x 28, 64 units, batch 32"),
    ("resnet_run", "ResNet-50 of 64 x 64, batch 8"),
    ("resnet_step", "ResNet-50 step, 64 x 64, batch 8"),
)
MOST = 1.1


def measure() -> Iterator[dict]:
    """One row for each program: the peaks in bytes, each measured in a process of its own."""
    for program, title in PROGRAMS:
        peaks = {}
        for framework in ("tfmagic", "pytorch"):
            peer = Peer(framework, sys.executable, 0)
            peaks[framework] = peer.peak(program)
            peer.close()
        ratio = peaks["tfmagic"] / peaks["pytorch"]
        yield {"what": title, "peer": "pytorch", "tfmagic_bytes": peaks["tfmagic"],
                     "peer_bytes": peaks["pytorch"], "ratio": ratio, "met": ratio <= MOST}


def line(row: dict) -> str:
    return (f"memory of {row['what']:<34} tfmagic {row['tfmagic_bytes'] / 1e6:>7.1f} MB  {row['peer']} "
            f"{row['peer_bytes'] / 1e6:>7.1f} MB  {row['ratio']:>5.2f}x")


def peak(prepare: Callable[[], Any], steps: int = 3) -> int:
    """The most bytes that torch's allocator holds while a program takes steps, its variables among them."""
    import torch

    with torch.profiler.profile(profile_memory=True, activities=[torch.profiler.ProfilerActivity.CPU]) as record:
        step, _ = prepare()
        with torch.profiler.record_function("steps"):
            for _ in range(steps):
                step()
    events = record.profiler.kineto_results.events()
    begin = next(event.start_ns() for event in events if event.name() == "steps")
    held = most = 0
    for event in sorted((event for event in events if event.name() == "[memory]"), key=lambda event: event.start_ns()):
        held += event.nbytes()
        if event.start_ns() >= begin:
            most = max(most, held)
    return most
