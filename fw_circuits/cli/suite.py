"""``bench``, ``report`` and ``info``: the benchmark suite of a checkout, its page, and what is installed."""

import argparse
import platform
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fw_circuits._kernels import use_compiled
from fw_circuits.cli.options import Commands, add_command
from fw_circuits.exceptions import InputError
from fw_circuits.report import write_page

PACKAGES = (
    "numpy", "scipy", "cvxpy", "networkx", "scikit-learn", "matplotlib", "rich", "torch", "pandas",
)  # fmt: skip


def add_commands(commands: Commands) -> None:
    """``bench``, ``report`` and ``info``."""
    bench = commands.add_parser(  # the suite knows its options: with this prefix all of them are plain words here
        "bench", help="run the benchmarks of a checkout", add_help=False, prefix_chars="\0"
    )
    bench.set_defaults(run=_bench)
    bench.add_argument("arguments", nargs="*")
    report = add_command(commands, "report", _report, "build one HTML page from the results of fw-circuits bench")
    report.add_argument("folder", nargs="?", help="default: benchmarks/results/full, or else .../quick")
    report.add_argument("--output", help="the page (default: report.html in the folder)")
    add_command(commands, "info", _info, "versions and the kernels in use")


def _bench(args: argparse.Namespace) -> int:
    """The suite of the checkout that the current directory is; it is no part of the installed package."""
    folder = Path.cwd() / "benchmarks"
    if not (folder / "__main__.py").is_file():
        raise InputError(
            f"no benchmark suite at {folder}; expected the top folder of a checkout of fw_circuits, which contains "
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


def _info(_: argparse.Namespace) -> int:
    print(f"fw_circuits {_version('fw_circuits')}, Python {platform.python_version()}, {platform.machine()}")
    print(f"kernels: {'compiled' if use_compiled() else 'python (FW_CIRCUITS_KERNELS)'}")
    for name in PACKAGES:
        print(f"{name}: {_version(name)}")
    return 0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
