"""The command ``fw-circuits``: the words of the Python interface, at the shell."""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from fw_circuits._files import check_writable, write_atomically
from fw_circuits._kernels import use_compiled
from fw_circuits.certificate import certify
from fw_circuits.comparison import compare
from fw_circuits.data import Dataset, read_features, read_table
from fw_circuits.exceptions import FwCircuitsError, InputError, SolverWarning
from fw_circuits.experiment import Experiment, run
from fw_circuits.oracle import NAMES
from fw_circuits.report import (
    atoms_table,
    candidate_rows,
    certificate_lines,
    comparison_lines,
    comparison_rows,
    comparison_table,
    experiment_lines,
    solution_lines,
    write_page,
)
from fw_circuits.report.plots import plot_circuit, plot_comparison, plot_convergence
from fw_circuits.solution import Solution, load

#: Options of the command line that `experiment.run` takes.
OPTIONS = (
    "lam", "tau", "eps", "gamma", "levels", "oracle", "max_gates", "tol", "time_limit", "n_jobs", "loss",
    "huber_threshold",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code (0 fine, 1 an error that is explained, 2 wrong usage)."""
    args = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SolverWarning)  # the status is printed
            warnings.showwarning = lambda message, *where: print(f"fw-circuits: {message}", file=sys.stderr)
            return int(args.run(args) or 0)
    except BrokenPipeError:
        return 0
    except (FwCircuitsError, OSError) as error:
        print(f"fw-circuits: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fw-circuits: interrupted", file=sys.stderr)
        return 130


def _demo(args: argparse.Namespace) -> int:
    from sklearn.datasets import load_breast_cancer

    raw = load_breast_cancer()
    dataset = Dataset(X=raw.data, y=raw.target_names[raw.target], feature_names=tuple(map(str, raw.feature_names)),
                      target_name="diagnosis", name="breast cancer",
                      description="569 biopsies, 30 measurements; benign or malignant")  # fmt: skip
    args.levels = (1,)
    return _experiment(args, dataset)


def _solve(args: argparse.Namespace) -> int:
    return _experiment(args, read_table(args.data, args.target, header=args.header))


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(v) for v in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 1,2,3") from None


def _outputs(folder: str, name: str, **endings: str) -> dict[str, str]:
    """Paths of what will be written; each is tried before the work, so that a wrong one costs none."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"--output is {folder}, which is or lies in a file; name a folder.") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"--output is {folder}, which cannot be written to; name another folder.")
    stem = Path(folder) / f"fw-circuits-{'-'.join(name.split())}"
    return {what: str(check_writable(f"{stem}{ending}", "--output")) for what, ending in endings.items()}


def _try(what: str, action: Callable[[], Any]) -> bool:
    """Whether the action went well; if not, a line that says so: the work before it must not be lost with it."""
    try:
        action()
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        print(f"fw-circuits: {what} was not written ({type(error).__name__}: {reason})", file=sys.stderr)
        return False
    return True


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(_finite(value), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON knows no infinities and no NaN: null."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _experiment(args: argparse.Namespace, dataset: Dataset) -> int:
    console = Console()
    if not args.json:
        console.print(
            f"{dataset.name}: {dataset.X.shape[0]} rows, {dataset.X.shape[1]} columns",
            highlight=False,
            markup=False,
        )
        how = ", circuits and penalty chosen by cross-validation in each" if args.choose else ""
        console.print(
            f"Scoring on {args.folds} held-out folds{how}; then solving on all rows.", highlight=False
        )
    options: dict[str, Any] = {name: getattr(args, name, None) for name in OPTIONS}
    options = {name: value for name, value in options.items() if value is not None}
    outputs = _outputs(args.output, dataset.name, solution=".npz", convergence="-convergence.png",
                       circuit="-circuit.png")  # fmt: skip
    result = run(dataset, folds=args.folds, choose=args.choose, progress=not args.json, **options)
    solution = result.solution
    saved = _try("the solution", lambda: solution.save(outputs["solution"]))
    if not args.json:
        _print_experiment(console, result)
    written = {"solution": outputs["solution"]} if saved else {}
    written |= _pictures(solution, outputs)
    if args.json:
        _print_json(_as_json(result, written))
    else:
        for what, where in written.items():
            console.print(f"Wrote {what}: {where}", highlight=False, markup=False)
    return 0 if saved else 1


def _print_experiment(console: Console, result: Experiment) -> None:
    solution = result.solution
    for line in [*solution_lines(solution), "", "Certificate", *certificate_lines(solution), ""]:
        console.print(line, highlight=False, markup=False)
    console.print(atoms_table(solution))
    for line in experiment_lines(result):
        console.print(line, highlight=False, markup=False)


def _pictures(solution: Solution, outputs: dict[str, str]) -> dict[str, str]:
    """The pictures that could be drawn, by what they show."""
    actions = {"convergence": lambda: plot_convergence(solution, outputs["convergence"])}
    gated = [a for a in solution.atoms if a.n_gates > 0]
    if gated:
        actions["circuit"] = lambda: plot_circuit(gated[0], outputs["circuit"], solution.feature_names)
    return {
        what: outputs[what] for what, action in actions.items() if _try(f"the picture of the {what}", action)
    }


def _as_json(result: Experiment, written: dict[str, str]) -> dict[str, Any]:
    solution, certificate = result.solution, result.solution.certificate
    return {
        "data": result.dataset.name,
        "status": solution.status.name,
        "metric": result.metric,
        "score": result.score,
        "boosting_score": result.boosting_score,
        "n_atoms": len(solution.atoms),
        "n_gates": solution.n_gates,
        "norm": solution.norm,
        "certificate": {
            "primal": certificate.primal, "dual": certificate.dual, "relative_gap": certificate.relative_gap,
            "scope": certificate.scope, "global_dual": certificate.global_dual, "certified": certificate.certified,
            "loss": certificate.loss, "least_loss": certificate.least_loss,
        },
        "fold_scores": result.fold_scores.tolist(),
        "resnet": {"neurons": result.resnet.n_neurons, "depth": result.resnet.depth, "deviation": result.deviation},
        "seconds": result.seconds,
        "written": written,
    }  # fmt: skip


def _compare(args: argparse.Namespace) -> int:
    console, dataset = Console(), read_table(args.data, args.target, header=args.header)
    outputs = _outputs(args.output, dataset.name, table="-comparison.csv", front="-comparison.png")
    result = compare(
        dataset,
        seeds=args.seeds,
        test_fraction=args.test_fraction,
        n_jobs=args.n_jobs,
        progress=not args.json,
    )
    networks = candidate_rows(result)
    actions = {
        "table": lambda: write_atomically(Path(outputs["table"]), _csv(networks).encode()),
        "front": lambda: plot_comparison(result, outputs["front"]),
    }
    written = {what: outputs[what] for what, action in actions.items() if _try(f"the {what}", action)}
    if args.json:
        _print_json({"chosen": comparison_rows(result), "networks": networks, "written": written})
    else:
        console.print(comparison_table(result))
        for line in comparison_lines(result):
            console.print(line, highlight=False, markup=False)
        for what, where in written.items():
            console.print(f"Wrote {what}: {where}", highlight=False, markup=False)
    return 0 if "table" in written else 1


def _csv(rows: list[dict[str, Any]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _predict(args: argparse.Namespace) -> int:
    target = None if args.output is None else check_writable(args.output, "--output")
    solution = load(args.solution)
    X = read_features(args.data, solution.feature_names, args.target, header=args.header)
    prediction = solution.predict(X)
    values = prediction if solution.classes is not None else [repr(float(v)) for v in prediction]
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([["prediction"], *([v] for v in values)])
    if target is None:
        print(text.getvalue(), end="")
    else:
        write_atomically(target, text.getvalue().encode("utf-8"))
    return 0


def _certify(args: argparse.Namespace) -> int:
    solution = load(args.solution)
    dataset = read_table(args.data, args.target, header=args.header, features=solution.feature_names)
    certificate = certify(solution, dataset.X, dataset.y, tol=args.tol, n_jobs=args.n_jobs)
    if args.json:
        _print_json({"primal": certificate.primal, "dual": certificate.dual,
                     "relative_gap": certificate.relative_gap, "certified": certificate.certified,
                     "scope": certificate.scope, "global_dual": certificate.global_dual,
                     "loss": certificate.loss})  # fmt: skip
    else:
        print(certificate.describe())
    return 0 if certificate.certified else 1


def _bench(args: argparse.Namespace) -> int:
    """The suite of the checkout that the current directory is; it is no part of the installed package."""
    folder = Path.cwd() / "benchmarks"
    if not (folder / "__main__.py").is_file():
        raise InputError(
            f"no benchmark suite at {folder}; expected the top folder of a checkout of fw_circuits, which holds "
            "benchmarks/; change to it and type fw-circuits bench again."
        )
    sys.path.insert(0, str(folder.parent))
    return int(import_module("benchmarks.__main__").main(args.arguments))


def _report(args: argparse.Namespace) -> int:
    folder = args.folder
    if folder is None:
        places = [Path("benchmarks", "results", mode) for mode in ("full", "quick")]
        folder = next((place for place in places if any(place.glob("*.run.json"))), places[0])
    print(write_page(folder, args.output))
    return 0


def _info(args: argparse.Namespace) -> int:
    print(f"fw_circuits {_version('fw_circuits')}, Python {platform.python_version()}, {platform.machine()}")
    print(f"kernels: {'compiled' if use_compiled() else 'python (FW_CIRCUITS_KERNELS)'}")
    for name in (
        "numpy",
        "scipy",
        "cvxpy",
        "networkx",
        "scikit-learn",
        "matplotlib",
        "rich",
        "torch",
        "pandas",
    ):
        print(f"{name}: {_version(name)}")
    return 0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fw-circuits", description="Certified convex combinations of circuits from data."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, action: Any, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=action)
        return sub

    demo = command("demo", _demo, "solve a real data set and show everything that comes out")
    _experiment_options(demo)
    solve = command("solve", _solve, "solve a table of your own (.csv, .npz, .parquet, .pla)")
    _table_options(solve, "the table", "name or index of the target column (default: the last)")
    solve.add_argument(
        "--loss", choices=["squared", "logistic", "huber"], help="default: logistic for two labels"
    )
    solve.add_argument(
        "--huber-threshold", type=float, help="residual from which the Huber loss is linear (default 1)"
    )
    group = solve.add_mutually_exclusive_group()
    group.add_argument(
        "--lam", type=float, help="weight of the norm (default: 0.01 of the largest useful one)"
    )
    group.add_argument("--tau", type=float, help="bound on the norm")
    group.add_argument("--eps", type=float, help="bound on the mean loss")
    solve.add_argument("--gamma", type=float, help="cost exponent (default 3)")
    solve.add_argument(
        "--levels",
        type=_whole_numbers,
        metavar="K[,K...]",
        help="bits read of each column, for example 1,2,3",
    )
    solve.add_argument(
        "--oracle",
        choices=NAMES,
        help='which circuits are searched; "deep" composes large ones (default: auto)',
    )
    solve.add_argument("--max-gates", type=int, help="leave out larger circuits")
    solve.add_argument("--tol", type=float, help="relative certified gap (default 1e-3)")
    solve.add_argument("--time-limit", type=float, help="seconds for all of it, the folds included")
    _experiment_options(solve)
    contest = command(
        "compare",
        _compare,
        "compiled circuits against residual networks trained by gradient descent (needs PyTorch)",
    )
    _table_options(contest, "the table", "name or index of the target column (default: the last)")
    contest.add_argument("--seeds", type=int, default=5, help="random splits (default 5)")
    contest.add_argument(
        "--test-fraction", type=float, default=0.25, help="share of the rows kept for testing (default 0.25)"
    )
    contest.add_argument("--output", default=".", help="folder for the picture and the table of all networks")
    contest.add_argument("--n-jobs", type=int, help="processes (default: all cores)")
    contest.add_argument("--json", action="store_true", help="for machines; no progress bar")
    predict = command("predict", _predict, "apply a saved solution to a table")
    predict.add_argument("solution", help="a file that solve wrote")
    _table_options(
        predict,
        "the table; columns are matched by name, others left out",
        "a column to leave out (only a table without names needs it)",
    )
    predict.add_argument("--output", help="a CSV file (default: standard output)")
    check = command(
        "certify", _certify, "re-derive a saved solution's certificate from the data it was fitted to"
    )
    check.add_argument("solution", help="a file that solve wrote")
    _table_options(
        check,
        "the training table; columns are matched by name",
        "name or index of the target column (default: the last, or the only one that is no feature)",
    )
    check.add_argument("--tol", type=float, default=1e-3, help="relative gap to certify")
    check.add_argument(
        "--n-jobs", type=int, help="threads (default: what the environment allows; -1: all cores)"
    )
    check.add_argument("--json", action="store_true", help="for machines")
    bench = (
        commands.add_parser(  # the suite knows its options: with this prefix all of them are plain words here
            "bench", help="run the benchmarks of a checkout", add_help=False, prefix_chars="\0"
        )
    )
    bench.set_defaults(run=_bench)
    bench.add_argument("arguments", nargs="*")
    report = command("report", _report, "build one HTML page from the results of fw-circuits bench")
    report.add_argument("folder", nargs="?", help="default: benchmarks/results/full, or else .../quick")
    report.add_argument("--output", help="the page (default: report.html in the folder)")
    command("info", _info, "versions and the kernels in use")
    return parser


def _table_options(sub: argparse.ArgumentParser, data: str, target: str) -> None:
    sub.add_argument("data", help=data)
    sub.add_argument("--target", help=target)
    sub.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether line 1 of delimited text holds the names (default: found by looking)",
    )


def _experiment_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--output", default=".", help="folder for pictures and the saved solution (default: here)"
    )
    sub.add_argument("--folds", type=int, default=5, help="held-out folds for the score (default 5)")
    sub.add_argument("--choose", action="store_true", help="choose circuits and penalty by cross-validation")
    sub.add_argument(
        "--n-jobs", type=int, help="threads (default: what the environment allows; -1: all cores)"
    )
    sub.add_argument("--json", action="store_true", help="for machines; no live line")


if __name__ == "__main__":
    sys.exit(main())
