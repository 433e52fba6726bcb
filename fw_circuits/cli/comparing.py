"""``compare``: compiled circuits beside networks trained by gradient descent."""

import argparse
from pathlib import Path

from rich.console import Console

from fw_circuits._files import write_atomically
from fw_circuits.cli.options import Commands, add_command, add_json, add_table
from fw_circuits.cli.output import csv_text, output_paths, print_json, print_lines, print_written, write_all
from fw_circuits.comparison import compare
from fw_circuits.data import read_table
from fw_circuits.report import candidate_rows, comparison_lines, comparison_rows, comparison_table
from fw_circuits.report.plots import plot_comparison


def add_commands(commands: Commands) -> None:
    """``compare``."""
    parser = add_command(
        commands,
        "compare",
        _compare,
        "compiled circuits against residual networks trained by gradient descent (needs PyTorch)",
    )
    add_table(parser)
    parser.add_argument("--seeds", type=int, default=5, help="random splits (default 5)")
    parser.add_argument(
        "--test-fraction", type=float, default=0.25, help="share of the rows kept for testing (default 0.25)"
    )
    parser.add_argument("--output", default=".", help="folder for the picture and the table of all networks")
    parser.add_argument("--n-jobs", type=int, help="processes (default: all cores)")
    add_json(parser, "; no progress bar")


def _compare(args: argparse.Namespace) -> int:
    console, dataset = Console(), read_table(args.data, args.target, header=args.header)
    paths = output_paths(args.output, dataset.name, table="-comparison.csv", front="-comparison.png")
    result = compare(dataset, seeds=args.seeds, test_fraction=args.test_fraction, n_jobs=args.n_jobs,
                     progress=not args.json)  # fmt: skip
    networks = candidate_rows(result)
    table = csv_text([list(networks[0]), *(list(row.values()) for row in networks)], "\r\n")
    written = write_all(paths, {
        "table": lambda path: write_atomically(Path(path), table.encode()),
        "front": lambda path: plot_comparison(result, path),
    })  # fmt: skip
    if args.json:
        print_json({"chosen": comparison_rows(result), "networks": networks, "written": written})
    else:
        console.print(comparison_table(result))
        print_lines(console, comparison_lines(result))
        print_written(console, written)
    return 0 if "table" in written else 1
