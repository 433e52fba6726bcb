"""Run benchmarks by name: ``python -m benchmarks [NAME ...] [--quick] [--list]``.

A benchmark is a module of this folder with ``run(quick: bool)``; it prints its table, keeps it under
``benchmarks/results`` and returns the sentences of the targets that it missed.  A failure does not stop the
others.
"""

import argparse
import ast
import importlib
import sys
import time
import traceback
from pathlib import Path

from benchmarks._common import machine_lines

FOLDER = Path(__file__).parent


def discover() -> dict[str, str]:
    """Name and first docstring line of every module here that defines ``run``; nothing is imported."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def run_one(name: str, quick: bool) -> list[str]:
    """Run one benchmark; returns what went wrong, a sentence each."""
    try:
        return list(importlib.import_module(f"benchmarks.{name}").run(quick) or [])
    except Exception as error:  # the next benchmark still runs
        traceback.print_exc()
        return [f"stopped by {type(error).__name__}: {error}"]


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 0 if everything ran and met its targets, 1 if not, 2 for an unknown name."""
    known = discover()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(known)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no slow peers")
    parser.add_argument("--list", action="store_true", help="list the benchmarks and stop")
    asked = parser.parse_args(arguments)
    if asked.list:
        width = max(map(len, known), default=0)
        for name, line in known.items():
            print(f"{name:<{width}}  {line}")
        return 0
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}")

    print("\n".join(machine_lines()))
    wrong: dict[str, list[str]] = {}
    names = list(dict.fromkeys(asked.names or known))
    for name in names:
        print(f"\n=== {name}: {known[name]}\n", flush=True)
        start = time.perf_counter()
        wrong[name] = run_one(name, asked.quick)
        print(f"\n--- {name}: {time.perf_counter() - start:.1f} s", flush=True)
    print("\n=== summary")
    for name in names:
        print(f"{name}: {'ok' if not wrong[name] else '; '.join(wrong[name])}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
