"""``demo`` and ``solve``: one experiment, printed, saved and drawn."""

import argparse
from typing import Any

from rich.console import Console

from fw_circuits._settings import LITERALS
from fw_circuits.cli.options import Commands, add_command, add_json, add_table, add_threads
from fw_circuits.cli.output import output_paths, print_json, print_lines, print_written, write_all
from fw_circuits.data import Dataset, read_table
from fw_circuits.experiment import Experiment, run
from fw_circuits.oracle import NAMES
from fw_circuits.report import atoms_table, certificate_lines, experiment_lines, solution_lines
from fw_circuits.report.plots import plot_circuit, plot_convergence
from fw_circuits.solution import Solution


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(v) for v in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 1,2,3") from None


def _kind(text: str) -> tuple[str, Any]:
    """A column and its kind: NAME=category, or NAME=low,mid,high."""
    name, sign, kind = text.rpartition("=")
    if not (name and sign and kind):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=KIND, such as zip=category or grade=low,mid,high")
    return name, kind.split(",") if "," in kind else kind


#: Options that go to `experiment.run` under these names, as argparse takes them.
OPTIONS: dict[str, dict[str, Any]] = {
    "loss": {"choices": ["squared", "logistic", "huber"], "help": "default: logistic for two labels"},
    "huber_threshold": {"type": float, "help": "residual from which the Huber loss is linear (default 1)"},
    "lam": {"type": float, "help": "weight of the norm (default: 0.01 of the largest useful one)"},
    "tau": {"type": float, "help": "bound on the norm"},
    "eps": {"type": float, "help": "bound on the mean loss"},
    "gamma": {"type": float, "help": "cost exponent (default 3)"},
    "levels": {
        "type": _whole_numbers, "metavar": "K[,K...]", "help": "bits read of each column, for example 1,2,3",
    },
    "oracle": {
        "choices": NAMES, "help": 'which circuits are searched; "deep" composes large ones (default: auto)',
    },
    "max_gates": {"type": int, "help": "leave out larger circuits"},
    "tol": {"type": float, "help": "relative certified gap (default 1e-3)"},
    "literals": {
        "choices": LITERALS, "help": "what circuits read of a column of numbers (default: bits of it)",
    },
    "n_thresholds": {"type": int, "help": "thresholds of a column (default 8)"},
    "time_limit": {"type": float, "help": "seconds for all of it, the folds included"},
}  # fmt: skip
#: At most one of them.
FORMS = ("lam", "tau", "eps")


def add_commands(commands: Commands) -> None:
    """``demo`` and ``solve``."""
    demo = add_command(commands, "demo", _demo, "solve a real data set and show everything that comes out")
    _add_experiment(demo)
    solve = add_command(commands, "solve", _solve, "solve a table of your own (.csv, .npz, .parquet, .pla)")
    add_table(solve)
    form = solve.add_mutually_exclusive_group()
    for name, option in OPTIONS.items():
        (form if name in FORMS else solve).add_argument(f"--{name.replace('_', '-')}", **option)
    solve.add_argument("--kind", type=_kind, action="append", default=[], metavar="NAME=KIND",
                       help="boolean, number, category, or its categories from low to high, cut by commas; repeatable",
                       dest="kinds")  # fmt: skip
    _add_experiment(solve)


def _add_experiment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", default=".", help="folder for pictures and the saved solution (default: here)")
    parser.add_argument("--folds", type=int, default=5, help="held-out folds for the score (default 5)")
    parser.add_argument("--choose", action="store_true", help="choose circuits and penalty by cross-validation")
    add_threads(parser)
    add_json(parser, "; no live line")


def _demo(args: argparse.Namespace) -> int:
    from sklearn.datasets import load_breast_cancer

    raw = load_breast_cancer()
    dataset = Dataset(X=raw.data, y=raw.target_names[raw.target], feature_names=tuple(map(str, raw.feature_names)),
                      target_name="diagnosis", name="breast cancer",
                      description="569 biopsies, 30 measurements; benign or malignant")  # fmt: skip
    args.levels = (1,)
    return experiment(args, dataset)


def _solve(args: argparse.Namespace) -> int:
    args.kinds = dict(args.kinds)
    text = [name for name, kind in args.kinds.items() if kind not in ("number", "boolean")]
    return experiment(args, read_table(args.data, args.target, header=args.header, text=text))


def experiment(args: argparse.Namespace, dataset: Dataset) -> int:
    """Run it, save the solution, then print and draw."""
    console = Console()
    if not args.json:
        how = ", circuits and penalty chosen by cross-validation in each" if args.choose else ""
        print_lines(console, [
            f"{dataset.name}: {dataset.n_rows} rows, {dataset.n_features} columns",
            f"Scoring on {args.folds} held-out folds{how}; then solving on all rows.",
        ])  # fmt: skip
    given = {name: getattr(args, name, None) for name in (*OPTIONS, "n_jobs", "kinds")}
    options = {name: value for name, value in given.items() if value not in (None, {})}
    paths = output_paths(args.output, dataset.name, solution=".npz", convergence="-convergence.png",
                         circuit="-circuit.png")  # fmt: skip
    result = run(dataset, folds=args.folds, choose=args.choose, progress=not args.json, **options)
    saved = write_all(paths, {"solution": result.solution.save})
    if not args.json:
        _print_experiment(console, result)
    written = saved | _draw(result.solution, paths)
    if args.json:
        print_json(_as_json(result, written))
    else:
        print_written(console, written)
    return 0 if saved else 1


def _print_experiment(console: Console, result: Experiment) -> None:
    solution = result.solution
    print_lines(console, [*solution_lines(solution), "", "Certificate", *certificate_lines(solution), ""])
    console.print(atoms_table(solution))
    print_lines(console, experiment_lines(result))


def _draw(solution: Solution, paths: dict[str, str]) -> dict[str, str]:
    """The pictures that could be drawn, by what they show."""
    actions = {"convergence": lambda path: plot_convergence(solution, path)}
    gated = [a for a in solution.atoms if a.n_gates > 0]
    if gated:
        actions["circuit"] = lambda path: plot_circuit(gated[0], path, solution.feature_names)
    return write_all(paths, actions, "the picture of the")


def _as_json(result: Experiment, written: dict[str, str]) -> dict[str, Any]:
    solution, net = result.solution, result.resnet
    proof = ("primal", "dual", "relative_gap", "scope", "global_dual", "certified", "loss", "least_loss")
    return {
        "data": result.dataset.name,
        "status": solution.status.name,
        "metric": result.metric,
        "score": result.score,
        "boosting_score": result.boosting_score,
        "n_atoms": len(solution.atoms),
        "n_gates": solution.n_gates,
        "norm": solution.norm,
        "certificate": {name: getattr(solution.certificate, name) for name in proof},
        "fold_scores": result.fold_scores.tolist(),
        "resnet": {"neurons": net.n_neurons, "depth": net.depth, "deviation": result.deviation},
        "seconds": result.seconds,
        "written": written,
    }
