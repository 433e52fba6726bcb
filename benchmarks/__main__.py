"""Run benchmarks by name: ``python -m benchmarks [NAME ...] [--quick] [--list]``.

A benchmark is a module of this folder with ``run(quick: bool)``; it prints its table, keeps it under
``benchmarks/results`` and returns the sentences of the targets that it missed.  A failure does not stop the
others.
"""

import argparse
import ast
import importlib
import inspect
import sys
import time
import traceback
from pathlib import Path
from typing import Any

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


def run_one(name: str, quick: bool, options: dict[str, Any]) -> list[str]:
    """Run one benchmark with the options that it knows; returns what went wrong, a sentence each."""
    try:
        run = importlib.import_module(f"benchmarks.{name}").run
        known = inspect.signature(run).parameters
        return list(run(quick, **{k: v for k, v in options.items() if k in known and v is not None}) or [])
    except Exception as error:  # the next benchmark still runs
        traceback.print_exc()
        return [f"stopped by {type(error).__name__}: {error}"]


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 0 if everything ran and met its targets, 1 if not, 2 for an unknown name."""
    known = discover()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(known)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no slow peers")
    parser.add_argument("--data", metavar="PATH", help="iwls2020: folder or tar of the contest's data")
    parser.add_argument("--seconds", type=float, help="iwls2020: time of one example")
    parser.add_argument("--only", metavar="N,N,...", help="iwls2020: numbers of the examples to run")
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
    options = {"data": asked.data, "seconds": asked.seconds, "only": asked.only}
    wrong: dict[str, list[str]] = {}
    names = list(dict.fromkeys(asked.names or known))
    for name in names:
        print(f"\n=== {name}: {known[name]}\n", flush=True)
        start = time.perf_counter()
        wrong[name] = run_one(name, asked.quick, options)
        print(f"\n--- {name}: {time.perf_counter() - start:.1f} s", flush=True)
    print("\n=== summary")
    for name in names:
        print(f"{name}: {'ok' if not wrong[name] else '; '.join(wrong[name])}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
