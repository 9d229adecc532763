"""The benchmark run: `python -m benchmarks --tensorflow /path/to/python` prints times, ratios and targets."""

from __future__ import annotations

import argparse
import json
import os
import sys

from benchmarks import browser, drawings, gpus, memory, plans, report, single_ops, starts
from benchmarks.peers import Peer, busy, in_turn

MINE, COMPILED = "tfmagic", "tfmagic --jit"

# program, what it is, the peer it is compared with, how many times faster it must be; what is compared, if not MINE
RATIOS = (
    # First, as a program builds before it runs: collecting garbage is dearer once torch's objects are there, too.
    ("build_nodes", "building one node", "tensorflow", 5.0),
    ("build_nodes", "building one node", "tensorflow1", 12.0),
    ("scalar_run", "cached scalar sess.run", "tensorflow", 8.0),
    ("scalar_run", "cached scalar sess.run", "tensorflow1", 45.0),
    ("variable_run", "cached sess.run of a variable", "tensorflow", None),
    ("variable_run", "cached sess.run of a variable", "tensorflow1", None),
    ("feed_two", "feeding two arrays of 10", "tensorflow", 8.0),
    ("feed_two", "feeding two arrays of 10", "tensorflow1", 30.0),
    ("mlp_step", "MLP 784-100-10, Adam, batch 64", "tensorflow", 1.0),
    ("mlp_step", "MLP 784-100-10, Adam, batch 64", "tensorflow1", 2.5),
    ("mlp_step", "MLP 784-100-10, Adam, batch 64", "pytorch", 1.6),
    ("count_loop", "turn of a loop that counts", "tensorflow1", 5.0),
    ("product_loop", "turn of a loop of products, 64 x 64", "tensorflow1", 1.2),
    ("lstm_step", "LSTM 28 x 28, 64 units, batch 32", "tensorflow1", 3.0),
    ("lstm_step", "LSTM 28 x 28, 64 units, batch 32", "pytorch", 0.9),
    ("wide_mlp_step", "MLP 784-1024-1024-10, batch 256", "tensorflow1", 1.6),
    ("wide_mlp_step", "MLP 784-1024-1024-10, batch 256", "pytorch", 1.0),
    ("cnn_step", "CNN 28 x 28, batch 32", "tensorflow1", 2.8),
    ("cnn_step", "CNN 28 x 28, batch 32", "tensorflow", 1.0),
    ("cnn_step", "CNN 28 x 28, batch 32", "pytorch", 1.15),
    ("resnet_run", "ResNet-50 of 64 x 64, batch 8", "pytorch", 1.0),
    ("picture_run", "ResNet-50 of one image of 224 x 224", "tensorflow1", 1.0),
    ("picture_run", "ResNet-50 of one image of 224 x 224", "pytorch", 1.0),
    ("resnet_step", "ResNet-50 step, 64 x 64, batch 8", "pytorch", 1.0),
    ("small_ops", "1,500 small operations in a chain", "tensorflow1", 1.0),
    ("small_ops", "1,500 small operations in a chain", "tensorflow1", 8.0, COMPILED),
    ("small_mix", "1,500 of several kinds in a chain", "tensorflow1", 1.0),
    ("unrolled_cells", "20 GRU cells in a row, batch 8", "tensorflow1", 1.0),
    ("small_attention", "attention on 2 x 8 small vectors", "tensorflow1", 1.0),
    ("element_wise", "2 million element-wise", "tensorflow1", 1.1),
    ("element_wise", "2 million element-wise", "tensorflow1", 2.0, COMPILED),
    ("normals", "2 million normal numbers", "tensorflow1", 1.5),
    ("many_kinds", "gamma, Poisson and other numbers", "tensorflow1", 1.0),
    ("product", "product of 1,500 x 1,500", "tensorflow1", 1.15),
    ("embedding_step", "Adam on 256 of 100,000 rows", "tensorflow1", 2.0),
    ("factors_step", "FTRL on rows of factors, batch 500", "tensorflow1", 0.7),
    ("graph_step", "graph convolution of 2,708 nodes, Adam", "tensorflow1", 1.0),
    ("sampled_step", "sampled softmax of 5,000 words", "tensorflow1", 0.9),
    ("wide_and_deep_step", "wide & deep on columns of words", "tensorflow1", 0.9),
    ("factorization_step", "factors of 2,000 x 3,000, Adam", "tensorflow1", 1.0),
    ("clipped_step", "small net, clipped by global norm, Adam", "tensorflow1", 1.5),
    ("attention_step", "attention, layer norm, dropout, Adam", "tensorflow1", 1.2),
    ("generator_step", "generator and judge of images, Adam", "tensorflow1", 1.0),
    ("functional_lstm_step", "LSTM in While nodes, 20 turns", "tensorflow1", 2.0),
    ("characters_step", "characters, two layers of GRU, Adam", "tensorflow1", 1.0),
    ("translation_step", "translation with attention, Adam", "tensorflow1", 1.0),
    ("sentences_step", "convolutions over sentences, Adam", "tensorflow1", 1.0),
    ("speech_step", "LSTM on sounds by CTC", "tensorflow1", 1.0),
    ("tags_step", "conditional random field, Adam", "tensorflow1", 1.0),
    ("best_words", "the best of 64 x 5,000 numbers", "tensorflow1", 0.9),
    ("regions_step", "regions of pictures, the best chosen", "tensorflow1", 0.9),
    ("tiny_numbers", "a layer on denormal numbers", "tensorflow1", 1.0),
    ("parse_single", "a record parsed, shuffled, batched", "tensorflow1", 1.0),
    ("parse_batch", "a record shuffled, batched, parsed", "tensorflow1", 1.0),
    ("parse_image", "a record parsed, decoded, scaled", "tensorflow1", 1.0),
    ("photos", "a photo decoded, resized, flipped", "tensorflow1", 0.9),
    ("slices", "a row shuffled, batched, prefetched", "tensorflow1", 2.0),
    ("map_slices", "a row through a small function", "tensorflow1", 1.2),
    ("map_numbers", "a number mapped and filtered", "tensorflow1", 2.0),
    ("csv_lines", "a line of CSV decoded", "tensorflow1", 1.0),
    ("text_lines", "a line of text, batched", "tensorflow1", 1.0),
    ("split_words", "a line split into words, padded", "tensorflow1", 1.0),
    ("queued_records", "a record through queues, learnt from", "tensorflow1", 1.0),
    ("queued_rows", "a row through queues, learnt from", "tensorflow1", 1.0),
    ("queued_lines", "a line through queues, learnt from", "tensorflow1", 1),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tensorflow", default=os.environ.get("TFMAGIC_BENCH_TENSORFLOW"), metavar="PYTHON",
                        help="an interpreter that has TensorFlow 2.x (default: $TFMAGIC_BENCH_TENSORFLOW)")
    parser.add_argument("--tensorflow1", default=os.environ.get("TFMAGIC_ORACLE"), metavar="PYTHON",
                        help="an interpreter that has TensorFlow 1.15 (default: $TFMAGIC_ORACLE)")
    parser.add_argument("--threads", type=int, default=1,
                        help="threads for every framework (default 1; 0: as many as each takes by itself)")
    parser.add_argument("--busy", type=int, default=0, metavar="N",
                        help="how many other processes keep the processor busy meanwhile (default 0)")
    parser.add_argument("--repeats", type=int, default=7, help="turns each framework takes (default 7)")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of one turn (default 0.3)")
    parser.add_argument("--only", nargs="*",
                        help="names of programs, 'ops', 'starts', 'gpus', 'memory', 'plans', 'drawings' or 'browser'")
    parser.add_argument("--write", action="store_true", help="also write what was measured into docs/performance.md")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    return parser.parse_args()


def compare(options: argparse.Namespace) -> list[dict]:
    """One row for each program and peer, on the CPU."""
    wanted = [(*row, MINE)[:5] for row in RATIOS if not options.only or row[0] in options.only]
    part = ("busy", f"Beside {options.busy} busy processes") if options.busy else ("ratios", "Ratios")
    return measured_in_turn(options, wanted, "cpu", *part, [row[1] for row in RATIOS])


def compare_ops(options: argparse.Namespace) -> list[dict]:
    """One row for each single operation, on the CPU; none beside busy processes."""
    if options.busy:
        return []
    wanted = [(*row, MINE) for row in single_ops.ROWS
              if not options.only or "ops" in options.only or row[0] in options.only]
    return measured_in_turn(options, wanted, "cpu", "ops", "Single operations", [row[1] for row in single_ops.ROWS])


def compare_on_gpu(options: argparse.Namespace) -> list[dict]:
    """One row for each program, on a GPU; none where there is none."""
    import torch

    if not torch.cuda.is_available():
        print("on a GPU: not measured, torch finds none on this machine")
        return []
    wanted = [(program, title, "pytorch", target, MINE) for program, title, target in gpus.ROWS]
    return measured_in_turn(options, wanted, "cuda", "gpus", "On a GPU", [row[1] for row in wanted])


def given_interpreters(options: argparse.Namespace) -> dict:
    """The interpreter of each framework; None where none is given."""
    return {MINE: sys.executable, COMPILED: sys.executable, "pytorch": sys.executable,
            "tensorflow": options.tensorflow, "tensorflow1": options.tensorflow1}


def start(options: argparse.Namespace) -> list[dict]:
    """One row for each program and peer: from the start of a process to its first steps."""
    rows, names = [], {}
    for row, versions in starts.measure(given_interpreters(options), options.threads, min(options.repeats, 5)):
        rows.append(row)
        names.update(named(versions))
        print(line(row), flush=True)
        if options.write:
            report.write_ratios("starts", "From the start of a process", rows, names, [row[2] for row in starts.ROWS])
    return rows


def named(versions: dict[str, str]) -> dict[str, str]:
    """The frameworks with their versions, as tables name them."""
    return {name: f"{name.rstrip('1')} {version}" for name, version in versions.items()}


def measured_in_turn(options: argparse.Namespace, wanted: list, device: str, part: str, heading: str,
                     order: list[str]) -> list[dict]:
    """One row for each of `wanted`: program, what it is, its peer, the target, and what is compared.

    They are written as they come, into a part of the page, where what is measured stands in this order.
    """
    interpreters = given_interpreters(options)
    needed = [name for name in interpreters if interpreters[name] and any(name in (row[2], row[4]) for row in wanted)]
    if not wanted:
        return []
    peers = {name: Peer(name, interpreters[name], options.threads, device) for name in needed}
    print(", ".join(f"{peer.framework} {peer.version}" for peer in peers.values()),
          f"| {device}, {options.threads or 'their own'} threads"
          + (f", beside {options.busy} busy" if options.busy else ""))
    names = named({name: peer.version for name, peer in peers.items()})
    rows, measured = [], {}
    for program, title, other, target, own in wanted:
        if other not in peers:
            print(f"{title}: no {other} interpreter given (--{other})")
            continue
        if program not in measured:
            group = [name for name in peers if any(row[0] == program and name in (row[2], row[4]) for row in wanted)]
            measured[program] = in_turn([peers[name] for name in group], program, options.repeats,
                                        options.seconds)
        mine, theirs = measured[program][own], measured[program][other]
        rows.append({"what": title, "own": own, "peer": other, "tfmagic_us": mine * 1e6, "peer_us": theirs * 1e6,
                     "ratio": theirs / mine, "target": target})
        print(line(rows[-1]), flush=True)
        if options.write:
            report.write_ratios(part, heading, rows, names, order)
    for peer in peers.values():
        peer.close()
    return rows


def line(row: dict) -> str:
    target = "" if row["target"] is None else f"  target {row['target']:g}x: {verdict(row['ratio'] >= row['target'])}"
    return (f"{row['what']:<34} {row['own']:<13} {row['tfmagic_us']:>9.2f} us  {row['peer']:<11} "
            f"{row['peer_us']:>9.2f} us  "
            f"{row['ratio']:>6.2f}x{target}")


def verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


def plan(options: argparse.Namespace) -> list[dict]:
    """One row for each size of a graph whose plan is made."""
    rows = []
    for row in plans.measure(min(options.repeats, 3)):
        rows.append({"what": "plan making", **row})
        print(f"plan of {row['nodes']:,} nodes: {row['seconds']:.3f} s, {row['seconds'] / row['nodes'] * 1e6:.0f} us a "
              "node", flush=True)
    for what, met in plans.verdicts(rows):
        print(f"{what}: {verdict(met)}")
    if options.write:
        report.write("plans", report.plans(rows))
    return rows


def draw(options: argparse.Namespace) -> list[dict]:
    """One row for each drawing."""
    first = drawings.first_drawing(min(options.repeats, 5))
    print(f"load_ext and the first drawing: {first['seconds'] * 1e3:.0f} ms ({first['cpu_seconds'] * 1e3:.0f} ms of "
          f"processor time), torch imported: {first['torch']}  "
          f"target 500 ms without torch: {verdict(first['seconds'] < 0.5 and not first['torch'])}")
    rows = [{"what": "first drawing", **first}]
    for nodes, most_ms, most_kb in ((30, 150, 50), (5000, 1000, None)):
        row = drawings.drawing(nodes, min(options.repeats, 5))
        met = row["seconds"] * 1e3 < most_ms and (most_kb is None or row["bytes"] < most_kb * 1000)
        limit = f"{most_ms} ms" + (f", {most_kb} KB" if most_kb else "")
        print(f"drawing {nodes} nodes: {row['seconds'] * 1e3:.0f} ms, {row['bytes'] / 1e3:.1f} KB  "
              f"target {limit}: {verdict(met)}")
        rows.append({"what": f"drawing {nodes} nodes", **row})
    return rows


def remember() -> list[dict]:
    """One row for each training case: the peak of its memory."""
    rows = []
    for row in memory.measure():
        rows.append(row)
        print(f"{memory.line(row)}  target at most {memory.MOST:g}x: {verdict(row['met'])}", flush=True)
    return rows


def browse(options: argparse.Namespace) -> list[dict]:
    """One row for each thing that a person waits for in a notebook."""
    rows = []
    try:
        for row in browser.measure(options.repeats):
            rows.append(row)
            print(f"{browser.line(row)}  target {browser.wanted(row)}: {verdict(row['met'])}", flush=True)
    except (ImportError, LookupError) as error:
        print(f"drawings in a browser: not measured, {error}")
    return rows


def main() -> None:
    options = arguments()
    with busy(options.busy):
        rows = compare(options)
        rows += compare_ops(options)
        if not options.only or "starts" in options.only:
            rows += start(options)
        if not options.only or "gpus" in options.only:
            rows += compare_on_gpu(options)
        if not options.only or "memory" in options.only:
            rows += remember()
        if not options.only or "plans" in options.only:
            rows += plan(options)
        if not options.only or "drawings" in options.only:
            rows += draw(options)
        if not options.only or "browser" in options.only:
            rows += browse(options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
