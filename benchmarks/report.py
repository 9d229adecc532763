"""docs/performance.md: what a run of the benchmark has measured, in tables; parts that it did not measure stay."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """# Performance

Written by `python -m benchmarks --write` (`--only plans` writes its part alone). A ratio is the other's time divided by
tfmagic's: above 1 tfmagic is faster. Every framework runs in a process of its own, all take turns, and a time is the
median of its turns.
"""
_PARTS = ("plans", "starts", "ratios", "busy", "gpus")


def write(part: str, text: str) -> None:
    """Put a part of the page in the place of what it was."""
    page = PAGE.read_text("utf-8") if PAGE.exists() else ""
    parts = {name: body for name in _PARTS if (body := _between(page, name))}
    parts[part] = f"{text.rstrip()}\n\n{machine(part == 'gpus')}\n"
    found = [f"<!-- {name} -->\n{parts[name].strip()}\n<!-- end of {name} -->\n" for name in _PARTS if name in parts]
    PAGE.write_text("\n".join([_HEAD, *found]), "utf-8")


def _between(page: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", page, re.S)
    return found[1] if found else ""


def machine(gpu: bool = False) -> str:
    """The machine in words, with its GPU where that was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    import torch

    others = f"{os.getloadavg()[0]:.1f}"
    on = f"{torch.cuda.get_device_name()} beside " if gpu else ""
    return (f"Measured on {on}{os.cpu_count()} processors ({platform.machine()}) with {memory:.0f} GiB of memory, "
            f"Python {platform.python_version()}, torch {torch.__version__}; load of the machine at the end: {others}.")


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, tuple("---" if i == 0 else "---:" for i in range(len(heads))), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def plans(rows: list[dict]) -> str:
    """The curve of plan making."""
    found = [(f"{row['nodes']:,}", f"{row['seconds']:.3f}", f"{row['seconds'] / row['nodes'] * 1e6:.0f}")
             for row in rows]
    return ("## Plan making\n\nFrom the graph of a training step (dense layers, Adam) to code that runs: prune, lower, "
            "passes, compile. Time of the processor.\n\n" + table(("nodes", "seconds", "µs a node"), found))


def ratios(rows: list[dict], peers: dict[str, str], title: str) -> str:
    """Ratios to other frameworks."""
    found = [(row["what"] + (", compiled" if "--jit" in row["own"] else ""), peers[row["peer"]],
              _time(row["tfmagic_us"]), _time(row["peer_us"]), f"{row['ratio']:.2f}",
              "" if row["target"] is None else f"{row['target']:g}") for row in rows]
    return f"## {title}\n\n" + table(("what", "against", "tfmagic", "the other", "ratio", "wanted"), found)


def _time(micros: float) -> str:
    return f"{micros:.3g} µs" if micros < 1e3 else f"{micros / 1e3:.3g} ms" if micros < 1e6 else f"{micros / 1e6:.2f} s"
