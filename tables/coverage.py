"""`docs/coverage.md`: every op and public name of TensorFlow 1.15, and whether tfmagic has it.

`python -m tables` writes it after the tables that it is made from.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path

from tfmagic.base import export
from tfmagic.graph import opdefs, registry
from tfmagic.session.lower import abilities
from tfmagic.tf import missing, namespace

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coverage.md"


def page() -> str:
    """The page: ops by family, public names by module, those that are missing one by one, what to use instead."""
    families: Counter[str] = Counter()
    run: Counter[str] = Counter()
    gradients: Counter[str] = Counter()
    without: dict[str, list[str]] = {}
    declared = registry.declarations()
    for name in opdefs.names():
        home = opdefs.home(name)
        family = home.split(".")[1] if home else "none yet"
        families[family] += 1
        if abilities.runs(name):
            run[family] += 1
        else:
            without.setdefault(abilities.lacks(name), []).append(name)
        gradients[family] += bool(home) and declared[name].gradient is not None
    rows = [f"| {family} | {count} | {run[family]} | {gradients[family]} |"
            for family, count in sorted(families.items(), key=lambda pair: (pair[0] == "none yet", pair[0]))]
    total = f"| **all** | {families.total():,} | {run.total()} | {gradients.total()} |"
    reasons = [f"- *{reason}* ({len(names)}): {_listed(names)}." for reason, names in sorted(without.items())]
    modules, absent = _modules(export.table())
    contrib, _ = _modules(export.table_of("contrib.layers"))
    instead = [f"| `tf.{name}` | {missing.alternative(name)} |" for name in missing.names() if name]
    return "\n".join([
        "# Coverage", "",
        "Every op of TensorFlow 1.15 can be built, drawn, imported and exported, and most of them run. This page is "
        "made from the tables that tfmagic itself reads.", "",
        "## Ops", "", "| family | ops | that run | with a gradient |", "|---|--:|--:|--:|", *rows, total, "",
        "### Do not run", "", *reasons, "",
        "## Public names", "", "Names that can be used, of those that TensorFlow 1.15 has. `tf.compat.v1` has the "
        "same.", "", "| module | here | in 1.15 |", "|---|--:|--:|", *modules, "",
        "### Not here", "", "Using one of them raises an error that says what to use instead.", "", *absent, "",
        "## tf.contrib", "", "| module | here | in 1.15 |", "|---|--:|--:|", *contrib, "",
        "## What to use instead", "", "| part | instead |", "|---|---|", *instead, ""])


def _modules(table: export.Table) -> tuple[list[str], list[str]]:
    """Of the modules of a table: how many of their names are here, and which are not, a line for each module."""
    counts, absent, here, there = [], [], 0, 0
    for path, every in sorted(namespace._all_names(table).items()):
        found = set(namespace.names_in(path))
        gone = [name for name in dict.fromkeys(every) if name not in found]
        if not path and "contrib" in every and len(every) == 1:
            continue  # what holds the table is no part of it
        module = ".".join(filter(None, ("tf", path)))
        here, there = here + len(found), there + len(found) + len(gone)
        counts.append(f"| `{module}` | {len(found)} | {len(found) + len(gone)} |")
        absent += [f"- `{module}`: {_listed(gone)}"] if gone else []
    return [*counts, f"| **all** | {here:,} | {there:,} |"], absent


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(check: bool) -> int:
    """Write the page, or only say that it is stale."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # tf.contrib takes leave of whoever opens it
    told = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == told:
        return 0
    if check:
        print("docs/coverage.md is stale: run `python -m tables`", file=sys.stderr)
        return 1
    PAGE.write_text(told, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
