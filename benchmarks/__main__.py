"""Run benchmarks by name: ``python -m benchmarks [NAME ...] [--quick] [--again] [--list] [--report]``.

A benchmark is a module of this folder with ``run(quick: bool)``; it prints its table, keeps it in ``RESULTS`` and
returns the sentences of the targets that it missed.  Each runs in a process of its own; a failure does not stop the
others.  What it leaves in ``benchmarks/results/quick`` or ``.../full`` is its tables, its figure, ``NAME.log`` (all
that it printed) and ``NAME.run.json`` (the record).  A part that has run to its end with the same options is not run
again unless ``--again`` asks for it; one that failed, was interrupted or was skipped is.
"""

import argparse
import codecs
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks._common import machine_lines
from benchmarks._record import (
    FINISHED,
    FOLDER,
    Benchmark,
    commit,
    discover,
    forget,
    read_record,
    shown,
    source_hash,
    write_json,
    write_record,
)

GRACE = 3.0  # seconds that an interrupted part has to end


def finished(results: Path, name: str, options: dict[str, Any]) -> str:
    """Why a part need not run again, in a sentence; empty if it must.  Options that are not given fit any run."""
    record = read_record(results, name)
    if record.get("status") not in FINISHED or (options and record.get("options") != shown(options)):
        return ""
    changed = "" if record.get("source") == source_hash(name) else "; its file has changed since"
    what = "met its targets" if record["status"] == "ok" else "missed targets"
    return f"finished {record['date']} on commit {record['commit']}, {what}{changed}; --again runs it again"


def run_part(results: Path, name: str, mode: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run one part in its own process, its output shown and kept; the record that it leaves."""
    forget(results, name)
    here, home = FOLDER.parent, package_home()
    path = [str(here), str(home), *filter(None, [os.environ.get("PYTHONPATH")])]
    if home != here.resolve() and (here / "fw_circuits").is_dir():
        path[:2] = path[1::-1]  # an installed package is measured, not the checkout's sources, which may not be built
    environment = os.environ | {
        "FW_CIRCUITS_RESULTS": str(results), "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "MPLBACKEND": "Agg",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
    }  # fmt: skip
    command = [sys.executable, "-m", "benchmarks._part", name, mode, json.dumps(options)]
    results.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = codecs.getincrementaldecoder("utf-8")("replace")  # a piece may end inside a letter
    status = "failed"
    try:
        with open(results / f"{name}.log", "wb") as log:
            while piece := os.read(process.stdout.fileno(), 1 << 16):  # type: ignore[union-attr]
                log.write(piece)
                log.flush()
                print(text.decode(piece), end="", flush=True)
        process.wait()
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        stop(process)
        record = {"name": name, "mode": mode, "options": shown(options), "status": "running"}
        record |= read_record(results, name)
        if record["status"] == "running":  # the part could not say how it ended
            code = process.returncode
            status = "interrupted" if code == 130 else status
            why = f"ended with code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
            record |= {"status": status, "sentences": [why] if status == "failed" else []}
            write_record(results, record)
    if record["status"] == "interrupted":
        raise KeyboardInterrupt
    return record


def package_home() -> Path:
    """The folder that fw_circuits is imported from; found, not imported."""
    spec = importlib.util.find_spec("fw_circuits")
    if spec is None or spec.origin is None:
        raise SystemExit("fw_circuits is not installed; run: pip install -e '.[bench]'")
    return Path(spec.origin).resolve().parents[1]


def stop(process: subprocess.Popen) -> None:
    """End a part that is still there: asked first, then killed."""
    for ask in (lambda: None, process.terminate, process.kill):
        ask()
        try:
            process.wait(GRACE if process.returncode is None else None)
            return
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue


def parse(known: dict[str, Benchmark], arguments: list[str] | None) -> argparse.Namespace:
    """What was asked for; an unknown name ends with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="fw-circuits bench", description="Run the benchmarks of this checkout (also: python -m benchmarks)."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(known)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no slow peers: minutes for all")
    parser.add_argument("--again", action="store_true", help="run finished parts again")
    parser.add_argument("--list", action="store_true", help="list the benchmarks and what is finished, then stop")
    parser.add_argument("--report", action="store_true", help="build the page from what is there, then stop")
    parser.add_argument("--data", metavar="PATH", help="iwls2020, anytime: folder or tar of the contest's data")
    parser.add_argument("--seconds", type=float, help="iwls2020: time of one example; anytime: the longest")
    parser.add_argument("--only", metavar="N,N,...", help="iwls2020, anytime: numbers of examples; tables: names")
    parser.add_argument("--busy", type=int, metavar="N", help="anytime: beside N processes that keep a core busy")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    return asked


def show_list(known: dict[str, Benchmark], results: Path) -> None:
    """Name, status in this mode, question."""
    width = max(map(len, known), default=0)
    for name, benchmark in known.items():
        status = read_record(results, name).get("status", "-")
        print(f"{name:<{width}}  {status:<11}  {benchmark.question}")


def main(arguments: list[str] | None = None) -> int:
    """0 if all that was asked for ran (or is skipped, by name) and met its targets, 1 if not, 2 for wrong usage."""
    known = discover()
    asked = parse(known, arguments)
    mode = "quick" if asked.quick else "full"
    results = FOLDER / "results" / mode
    if asked.list:
        show_list(known, results)
        return 0
    write_json(results / "suite.json", {name: benchmark.question for name, benchmark in known.items()})
    if asked.report:
        return report(results)
    print("\n".join(machine_lines()), f"commit: {commit()}; {mode} results", sep="\n")
    given = {"data": asked.data, "seconds": asked.seconds, "only": asked.only, "busy": asked.busy}
    names = list(dict.fromkeys(asked.names or known))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the part is ended and the record written
    interrupted = False
    for name in names:
        options = {k: v for k in known[name].options if (v := given.get(k)) is not None}
        print(f"\n=== {name}: {known[name].question}", flush=True)
        if not asked.again and (why := finished(results, name, options)):
            print(f"{name}: {why}", flush=True)
            continue
        print()
        try:
            record = run_part(results, name, mode, options)
        except KeyboardInterrupt:
            print(f"\n{name}: interrupted; the same command goes on from here", flush=True)
            interrupted = True
            break
        if record.get("seconds") is not None:
            print(f"\n--- {name}: {record['seconds']:.1f} s, {record['cpu_seconds']:.1f} s of CPU", flush=True)
    return 130 if interrupted else max(summary(results, names), report(results))


def summary(results: Path, names: list[str]) -> int:
    """One line per part; 1 if any failed or missed a target."""
    print("\n=== summary")
    wrong = 0
    for name in names:
        record = read_record(results, name)
        status = record.get("status", "not run")
        wrong += status not in ("ok", "skipped")
        print(f"{name}: " + "; ".join([status, *record.get("sentences", [])]))
    return int(wrong > 0)


def report(results: Path) -> int:
    """Build the page; its place is printed."""
    from fw_circuits.exceptions import FwCircuitsError  # takes seconds to import, which --list does not need
    from fw_circuits.report import write_page

    try:
        print(f"\npage: {os.path.relpath(write_page(results))}")
    except FwCircuitsError as error:
        print(f"no page: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
