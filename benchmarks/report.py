"""docs/performance.md: what a run of the benchmark has measured, in tables; parts that it did not measure stay."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """# Performance

Written by `python -m benchmarks --write`; `--only` replaces what it measures, so rows may be of several runs. A ratio
is the other's time divided by tfmagic's: above 1 tfmagic is faster. Every framework runs in a process of its own, all
take turns, and a time is the median of its turns.
"""
_PARTS = ("plans", "starts", "ratios", "ops", "busy", "gpus")
_COMPILED = ", compiled"
_HEADS = ("what", "against", "tfmagic", "the other", "ratio", "wanted")


def write(part: str, text: str) -> None:
    """Put a part of the page in the place of what it was."""
    page = _page()
    parts = {name: body for name in _PARTS if (body := _between(page, name))}
    parts[part] = f"{text.rstrip()}\n\n{machine(part == 'gpus')}\n"
    found = [f"<!-- {name} -->\n{parts[name].strip()}\n<!-- end of {name} -->\n" for name in _PARTS if name in parts]
    PAGE.write_text("\n".join([_HEAD, *found]), "utf-8")


def write_ratios(part: str, title: str, rows: list[dict], names: dict[str, str], order: list[str]) -> None:
    """Put ratios to other frameworks into a part's table, each in the place of the same one of another run.

    Args:
      part: the part.
      title: its heading.
      rows: what was measured.
      names: how the table names each framework.
      order: what is measured at all; what the table has of other things goes.
    """
    cells = {_key(line): line for line in _lines(_between(_page(), part))}
    cells.update({_key(line): line for line in (_ratio(row, names) for row in rows)})
    places = {what: place for place, what in enumerate(order)}
    found = [line for line in cells.values() if _what(line) in places]
    found.sort(key=lambda line: places[_what(line)])
    write(part, f"## {title}\n\n" + table(_HEADS, found))


def _page() -> str:
    return PAGE.read_text("utf-8") if PAGE.exists() else ""


def _lines(text: str) -> list[tuple[str, ...]]:
    """The cells of a table's lines, without the first two."""
    lines = re.findall(r"^\|(.*)\|$", text, re.M)
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines[2:]]


def _key(cells: tuple[str, ...]) -> tuple[str, str]:
    """What a line compares with which framework: its name, and the first number of its version."""
    return cells[0], cells[1].split(".")[0]


def _what(cells: tuple[str, ...]) -> str:
    return cells[0].removesuffix(_COMPILED)


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


def _ratio(row: dict, names: dict[str, str]) -> tuple[str, ...]:
    """The cells of a line."""
    return (row["what"] + (_COMPILED if "--jit" in row["own"] else ""), names[row["peer"]], _time(row["tfmagic_us"]),
            _time(row["peer_us"]), f"{row['ratio']:.2f}", "" if row["target"] is None else f"{row['target']:g}")


def _time(micros: float) -> str:
    return f"{micros:.3g} µs" if micros < 1e3 else f"{micros / 1e3:.3g} ms" if micros < 1e6 else f"{micros / 1e6:.2f} s"
