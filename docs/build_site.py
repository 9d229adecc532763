"""Builds the documentation site: `python docs/build_site.py [FOLDER]` (build/site by default).

It needs `pip install '.[docs]'` and no network. The documents and notebooks of the repository are its pages; that of
magics is made from their table, its drawings by running cells.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from make_pictures import Notebook

from tfmagic.notebook.shell.options import MAGICS, Magic
from tfmagic.view.escape import visible_lines, xml
from tfmagic.view.paint import interactive
from tfmagic.view.paint.document import GRAPH_MIME

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")

_LAYER = """\
x = tf.placeholder(tf.float32, [None, 2])
with tf.name_scope('layer'):
    W = tf.Variable([[1., -1.], [0., 2.]])
    h = tf.nn.relu(tf.matmul(x, W))"""
# What the page of magics runs, in this order, for each magic.
CELLS = {
    "%%graph": f"%%graph --title 'A layer'\n{_LAYER}",
    "%graph": "%graph h --depth 2 --fetch h --feed x=[[1,2]] --init",
    "%%session": "%%session --init --feed x=[[1,2]]\nh",
    "%fetch": "%fetch h --feed x=[[1,2]] --init",
    "%step": "%step h --feed x=[[1,2]] --init",
    "%tensors": "%tensors layer/*",
    "%tensor": "%tensor [[1, 2], [3, 4]]",
    "%torch": "%torch h --feed x",
    "%devices": "%devices",
}


def magics() -> str:
    """The page of magics: help, options, and what an example shows."""
    notebook = Notebook()
    parts = ["# Magics\n\nEach magic tells the same of itself with `?`. The drawings on this page can be used: open a "
             "scope, search with `/`, follow the arrows with the arrow keys, save them."]
    for magic in MAGICS.values():
        parts.append(_magic(magic, notebook))
    return "\n\n".join(parts) + "\n"


def _magic(magic: Magic, notebook: Notebook) -> str:
    usage = " ".join(filter(None, (magic.name, magic.argument, "[options]" if magic.options else "")))
    parts = [f"## `{magic.name}`\n\n{magic.summary}\n\n```text\n{usage}\n```"]
    if magic.options:
        rows = []
        for option in magic.options:
            value = "&#124;".join(option.choices) or option.metavar
            again = " (may be given several times)" if option.repeat else ""
            rows.append(f"| `{option.flag}` {value} | {option.help}{again} |")
        parts.append("| option | does |\n|---|---|\n" + "\n".join(rows))
    if magic.examples:
        parts.append("Examples:\n\n```text\n" + "\n".join(magic.examples) + "\n```")
    if magic.name in CELLS:
        code = CELLS[magic.name]
        parts.append(f"```python\n{code}\n```")
        parts += [f"```{{raw}} html\n{shown}\n```" for shown in _outputs(code, notebook)]
    return "\n\n".join(parts)


def _outputs(code: str, notebook: Notebook) -> list[str]:
    """What a cell shows, as HTML."""
    captured = notebook.capture(code)
    found = [f"<pre>{xml(visible_lines(captured.stdout))}</pre>"] if captured.stdout else []
    for output in captured.outputs:
        data = output.data
        shown = data.get("text/html") or f"<pre>{xml(visible_lines(data['text/plain']))}</pre>"
        if GRAPH_MIME in data:
            shown = interactive.figure(data[GRAPH_MIME], f"<div>{shown}</div>")
        found.append(f'<div class="tfm-output">{shown}</div>')
    return [re.sub(r"\n\s*\n", "\n", text) for text in found]


def lay_out(folder: Path) -> None:
    """Write the sources of the site into a folder."""
    shutil.copy(ROOT / "docs/site/conf.py", folder)
    static = folder / "_static"
    static.mkdir()
    (static / "site.css").write_text(
        "html{color-scheme:light dark}.tfm-output{margin:.5rem 0 1rem;overflow-x:auto}"
        ".tfm-figure{overflow-x:auto}img.tfm-picture{max-width:none}" + interactive.STYLE, "utf-8")
    for name in DOCUMENTS:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.py", "site", "__pycache__"))
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("*.py", ".*"))
    notebooks = "\n".join(sorted(str(path.relative_to(folder).with_suffix(""))
                                 for path in (folder / "notebooks").rglob("*.ipynb")))
    (folder / "index.md").write_text(
        (ROOT / "README.md").read_text("utf-8") +
        f"\n```{{toctree}}\n:hidden:\n:caption: Notebooks\n\n{notebooks}\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: Reference\n\nmagics\ndocs/coverage\ndocs/performance\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: Inside\n\nARCHITECTURE\nCONTRIBUTING\nSECURITY\nCHANGELOG\n```\n", "utf-8")
    (folder / "magics.md").write_text(magics(), "utf-8")


def main() -> int:
    """Build the site; a warning is an error."""
    from sphinx.cmd.build import build_main

    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        code = build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", f"{folder}/.doctrees", folder, str(target)])
    if code == 0:
        print(f"Wrote {target / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
