"""The header lines `%%graph` and `%%session`: found, read, and turned into comments so that IPython runs the cell."""

from __future__ import annotations

import re

from tfmagic.notebook.shell import options

_HEADER = re.compile(r"(%%graph|%%session)(?=\s|$)(.*)")
# Cell magics that run the rest of the cell in place, so that our headers may stand below them.
_AROUND = re.compile(r"%%(time|timeit|prun)(?=\s|$)")


def _match(line: str) -> re.Match[str] | None:
    match = _HEADER.match(line)
    return None if match is None or match[2].rstrip().endswith("?") else match


def read(raw_cell: str) -> dict[str, options.Parsed]:
    """The headers that a cell starts with.

    Args:
      raw_cell: the cell as it was typed.

    Returns:
      What each header line says, by magic name; empty for a cell without them, or with one that cannot be read.
    """
    found: dict[str, options.Parsed] = {}
    for line in raw_cell.lstrip("\n\r \t").splitlines():
        if not found and _AROUND.match(line):
            continue
        match = _match(line)
        if match is None:
            break
        try:
            found[match[1]] = options.parse(options.MAGICS[match[1]], match[2])
        except options.OptionError:
            return {}
    return found


def comment_out(lines: list[str]) -> list[str]:
    """IPython input transformer: header lines become comments, so the cell keeps its line numbers.

    A header that cannot be read stays: the cell magic of that name then says what is wrong.

    Args:
      lines: the cell's lines with their line ends.

    Returns:
      The lines to run.
    """
    for number, line in enumerate(lines):
        match = _match(line)
        if match is None:
            return ["# " + header for header in lines[:number]] + lines[number:]
        try:
            options.parse(options.MAGICS[match[1]], match[2])
        except options.OptionError:
            return lines
    return ["# " + header for header in lines]


# IPython skips such a transformer when it asks whether a cell is complete: there `%%graph` must stay a cell magic.
comment_out.has_side_effects = True  # type: ignore[attr-defined]
