"""Options that several commands share."""

import argparse
from collections.abc import Callable
from typing import Any

#: Where `add_command` adds to.
Commands = Any


def add_command(
    commands: Commands, name: str, action: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """A command, and what it calls."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=action)
    return parser


def add_table(
    parser: argparse.ArgumentParser,
    data: str = "the table",
    target: str = "name or index of the target column (default: the last)",
) -> None:
    """A table of data and how to read it."""
    parser.add_argument("data", help=data)
    parser.add_argument("--target", help=target)
    parser.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether line 1 of delimited text contains the names (default: found by looking)",
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The number of threads."""
    parser.add_argument("--n-jobs", type=int, help="threads (default: what the environment allows; -1: all cores)")


def add_json(parser: argparse.ArgumentParser, but: str = "") -> None:
    """Output as JSON; ``but`` says what else differs."""
    parser.add_argument("--json", action="store_true", help=f"for machines{but}")
