"""The command ``fw-circuits``: the words of the Python interface, at the shell.

A file per group of commands, each with the parsers of its commands beside what they do.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence

from fw_circuits.cli import comparing, explaining, saved, solving, suite
from fw_circuits.exceptions import FwCircuitsError, SolverWarning

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code (0 fine, 1 an error that is explained, 2 wrong usage)."""
    args = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings(action="ignore", category=SolverWarning):  # the status is printed
            warnings.showwarning = lambda message, *_: print(f"fw-circuits: {message}", file=sys.stderr)
            return int(args.run(args) or 0)
    except BrokenPipeError:
        return 0
    except (FwCircuitsError, OSError) as error:
        print(f"fw-circuits: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fw-circuits: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fw-circuits", description="Certified convex combinations of circuits from data."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (solving, comparing, saved, explaining, suite):
        group.add_commands(commands)
    return parser
