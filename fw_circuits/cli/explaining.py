"""``explain``: one page about a saved solution and one of its predictions."""

import argparse

from fw_circuits._files import check_writable, write_atomically
from fw_circuits.cli.options import Commands, add_command, add_table
from fw_circuits.data import read_features, read_table
from fw_circuits.report import explain_page
from fw_circuits.solution import load


def add_commands(commands: Commands) -> None:
    """``explain``."""
    parser = add_command(
        commands,
        "explain",
        _explain,
        "one HTML page: what a saved solution does, and why it says so of a row",
    )
    parser.add_argument("solution", help="a file that solve wrote")
    add_table(
        parser,
        "rows to explain and to average over; columns are matched by name, others left out",
        "name or index of the target column: the page then shows how well probabilities hold on these rows",
    )
    parser.add_argument("--row", type=int, default=0, help="the row to explain, from 0 (default 0)")
    parser.add_argument("--output", default="fw-circuits-explained.html", help="default: %(default)s")


def _explain(args: argparse.Namespace) -> int:
    target = check_writable(args.output, "--output")
    solution = load(args.solution)
    text, labels = None if solution.columns is None else solution.columns.text_names, None
    if args.target is None:
        X = read_features(args.data, solution.raw_names, None, header=args.header, text=text)
    else:
        dataset = read_table(args.data, args.target, header=args.header, features=solution.raw_names, text=text or ())
        X, labels = dataset.X, dataset.y
    title = f"{args.solution}, row {args.row} of {args.data}"
    write_atomically(target, explain_page(solution, X, args.row, labels=labels, title=title).encode("utf-8"))
    print(f"Wrote {target}")
    return 0
