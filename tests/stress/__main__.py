"""``python -m tests.stress [PART ...] [--start S] [--count N] [--jobs J]``; exit status 1 if a case failed.

Cases are numbered by their seeds: ``--start 0 --count 500`` and ``--start 500 --count 500`` are the two halves of
``--count 1000``.  Without a part, all of them run with their short counts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import disk, files, kill, mutants, sanitize, solve
from ._common import Part, run

PARTS: dict[str, Part] = {part.name: part for part in (solve.PART, *files.PARTS, kill.PART, disk.PART)}
#: Commands with options of their own: they build the kernels, and take minutes.
COMMANDS = {"sanitize": sanitize.main, "mutants": mutants.main}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts that are named; returns the exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in COMMANDS:
        return COMMANDS[argv[0]](argv[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description="Fuzzing and faults.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="as --list shows them; default: all")
    parser.add_argument("--list", action="store_true", help="the parts")
    parser.add_argument("--count", type=int, help="cases of each part")
    parser.add_argument("--start", "--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    args = parser.parse_args(argv)
    if args.list:
        for part in PARTS.values():
            print(f"{part.name:16}{part.about} ({part.count} cases)")
        for name, command in COMMANDS.items():
            print(f"{name:16}{(command.__doc__ or '').splitlines()[0]}")
        return 0
    unknown = sorted(set(args.parts) - set(PARTS) - {"files"})
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; known: files, {', '.join(PARTS)}, {', '.join(COMMANDS)}")
    wanted = [n for n in PARTS if not args.parts or n in args.parts or ("files" in args.parts and n[:6] == "files-")]
    results = [run(PARTS[n], args.start, args.count or PARTS[n].count, args.jobs) for n in wanted]
    for result in results:
        print(result.summary())
    return int(any(result.failures for result in results))


if __name__ == "__main__":
    sys.exit(main())
