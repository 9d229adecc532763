"""`python -m tables`: writes the homes of public names and ops into the tables, and from them `docs/coverage.md`;
`--check` only says what is stale."""

from __future__ import annotations

import subprocess
import sys

from tables import homes


def main(check: bool) -> int:
    tables, problems = homes.tables()
    for path, lines in tables.items():
        if path.read_text("utf-8").splitlines() == lines:
            continue
        if check:
            old = set(path.read_text("utf-8").splitlines())
            stale = [line.partition(" | ")[0] for line in lines if line not in old]
            problems.append(f"{path.name} is stale ({', '.join(stale[:5])}{', …' if len(stale) > 5 else ''}): "
                            "run `python -m tables`")
        else:
            path.write_text("\n".join(lines) + "\n", "utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    page = subprocess.run([sys.executable, "-m", "tables.coverage", *["--check"] * check], cwd=homes.ROOT, check=False)
    return bool(problems) or page.returncode  # in a process that reads the new tables


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
