"""``predict`` and ``certify``: what a saved solution says about a table."""

import argparse

from fw_circuits._files import check_writable, write_atomically
from fw_circuits.certificate import certify
from fw_circuits.cli.options import Commands, add_command, add_json, add_table, add_threads
from fw_circuits.cli.output import csv_text, print_json
from fw_circuits.data import read_features, read_table
from fw_circuits.solution import load


def add_commands(commands: Commands) -> None:
    """``predict`` and ``certify``."""
    predict = add_command(commands, "predict", _predict, "apply a saved solution to a table")
    predict.add_argument("solution", help="a file that solve wrote")
    add_table(
        predict,
        "the table; columns are matched by name, others left out",
        "a column to leave out (only a table without names needs it)",
    )
    predict.add_argument("--output", help="a CSV file (default: standard output)")
    check = add_command(
        commands, "certify", _certify, "re-derive a saved solution's certificate from the data it was fitted to"
    )
    check.add_argument("solution", help="a file that solve wrote")
    add_table(
        check,
        "the training table; columns are matched by name",
        "name or index of the target column (default: the last, or the only one that is no feature)",
    )
    check.add_argument("--tol", type=float, default=1e-3, help="relative gap to certify")
    add_threads(check)
    add_json(check)


def _predict(args: argparse.Namespace) -> int:
    target = None if args.output is None else check_writable(args.output, "--output")
    solution = load(args.solution)
    texts = None if solution.columns is None else solution.columns.text_names
    X = read_features(args.data, solution.raw_names, args.target, header=args.header, text=texts)
    prediction = solution.predict(X)
    values = prediction if solution.classes is not None else [repr(float(v)) for v in prediction]
    text = csv_text([["prediction"], *([v] for v in values)], "\n")
    if target is None:
        print(text, end="")
    else:
        write_atomically(target, text.encode("utf-8"))
    return 0


def _certify(args: argparse.Namespace) -> int:
    solution = load(args.solution)
    text = () if solution.columns is None else solution.columns.text_names
    dataset = read_table(args.data, args.target, header=args.header, features=solution.raw_names, text=text)
    certificate = certify(solution, dataset.X, dataset.y, tol=args.tol, n_jobs=args.n_jobs)
    if args.json:
        names = ("primal", "dual", "relative_gap", "certified", "scope", "global_dual", "loss")
        print_json({name: getattr(certificate, name) for name in names})
    else:
        print(certificate.describe())
    return 0 if certificate.certified else 1
