"""One part in a process of its own: ``python -m benchmarks._part NAME MODE OPTIONS``, started by the runner.

A process of its own keeps memory peaks, threads, warnings and crashes of a benchmark from the others.  It writes the
part's record: "running" at the start, the outcome at the end.  The exit code tells no more than that it ended.
"""

import importlib
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

from benchmarks._common import KEPT, RESULTS, Skipped, cpu_name, machine, usable_cores
from benchmarks._record import commit, config_of, discover, now, shown, source_hash, write_record


def outcome(name: str, quick: bool, options: dict[str, Any], record: dict[str, Any]) -> tuple[str, list[str]]:
    """Run the benchmark; its status and the sentences that explain it."""
    try:
        module = importlib.import_module(f"benchmarks.{name}")
        record["seed"] = getattr(module, "SEED", getattr(module, "SEEDS", None))
        record["config"] = config_of(module)
        missed = list(module.run(quick, **options) or [])
        return ("missed", missed) if missed else ("ok", [])
    except Skipped as why:
        return "skipped", [str(why)]
    except Exception as error:
        for cause in (error, error.__cause__):  # what is optional is imported when it is needed
            missing = cause.name or "" if isinstance(cause, ModuleNotFoundError) else ""
            if missing and missing.partition(".")[0] not in ("benchmarks", "fw_circuits"):
                return "skipped", [f"{missing} is not installed: {error}"]
        traceback.print_exc()
        return "failed", [f"stopped by {type(error).__name__}: {error}"]


def main(name: str, mode: str, options: dict[str, Any]) -> None:
    """Write the record, run, write it again."""
    about = machine()
    record: dict[str, Any] = {
        "name": name, "question": discover()[name].question, "mode": mode, "options": shown(options),
        "status": "running", "sentences": [], "seed": None, "config": {}, "seconds": None, "cpu_seconds": None,
        "date": now(), "commit": commit(), "source": source_hash(name),
        "machine": f"{cpu_name()}, {usable_cores()} cores, {about.pop('system')}",
        "versions": {k: v for k, v in about.items() if k not in ("cpu", "cores")},
    }  # fmt: skip
    write_record(RESULTS, record)
    start = time.perf_counter()
    record["status"], record["sentences"] = outcome(name, mode == "quick", options, record)
    record["seconds"] = round(time.perf_counter() - start, 2)
    record["cpu_seconds"] = round(sum(os.times()[:4]), 2)  # children included
    write_record(RESULTS, record | KEPT)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # children are ended too
    try:
        main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
    except KeyboardInterrupt:  # the runner says so
        sys.exit(130)
