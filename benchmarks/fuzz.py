"""Random handlers through the whole line: how many are converted, and what the check says.

    python benchmarks/fuzz.py                 200 handlers from seed 0
    python benchmarks/fuzz.py 1000 --seed 7   others

Every conversion that the check calls different is a mistake of the codemod that was caught; each is
printed. Exits with 1 if there is one, or if a handler made the tool fail.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from random_handlers import module

MISTAKES = {"UC901", "UC904", "UC905"}


def main() -> int:
    """Make the handlers, run ``uncallback diff`` on them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each handler")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.seed, given.seed + given.count):
            text = module(Random(number))
            Path(folder, f"h{number}.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "uncallback.refactor", "diff", "--format", "json"]
        command += ["--isolated", "--seconds", str(given.seconds), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [
        (entry["path"], handler)
        for entry in json.loads(done.stdout)["files"]
        for handler in entry["handlers"]
    ]
    table: Counter[str] = Counter()
    mistakes = 0
    for path, handler in rows:
        code = (handler["reason"] or {}).get("code")
        verdict = (handler["verdict"] or {}).get("result", "")
        table[f"{handler['status']} {code or verdict}"] += 1
        if code in MISTAKES:
            mistakes += 1
            print(f"{path}: {code} {handler['reason']['message']}")
    for name, number in sorted(table.items()):
        print(f"{number:5}  {name}")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
