"""The files that a run of the benchmark suite leaves, read back for the page.

A folder of results (one mode: quick or full) contains for each part ``NAME.run.json`` and the tables and figures that
it names, and ``suite.json`` with the question of every part, run or not.  Nothing is computed here; what is not there
is reported as not run.
"""

import csv
import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from fw_circuits._files import check_writable, write_atomically
from fw_circuits.exceptions import FormatError, InputError
from fw_circuits.report.page import WORDS, Figure, Grid, Part, page


def read_results(folder: str | PathLike[str]) -> list[Part]:
    """Every part of the suite, in the order of the names.

    Parameters
    ----------
    folder : path-like
        For example ``benchmarks/results/full``.

    Returns
    -------
    list of Part

    Raises
    ------
    InputError
        If the folder does not exist or contains no record.
    FormatError
        If a file in it is damaged.
    """
    place = Path(folder)
    records = {path.name.removesuffix(".run.json"): _json(path) for path in sorted(place.glob("*.run.json"))}
    if not records:
        raise InputError(
            f"no results in {place}; expected a folder with files NAME.run.json; "
            "run fw-circuits bench --quick in a checkout first."
        )
    suite = _json(place / "suite.json") if (place / "suite.json").exists() else {}
    return [_part(place, name, records.get(name, {}), suite.get(name, "")) for name in sorted(suite | records)]


def write_page(folder: str | PathLike[str], target: str | PathLike[str] | None = None) -> Path:
    """Write the page about a folder of results.

    Parameters
    ----------
    folder : path-like
        As in `read_results`.
    target : path-like, optional
        Default: ``folder/report.html``.

    Returns
    -------
    Path
        Where the page is.

    Raises
    ------
    InputError, FormatError
        As `read_results` does.
    """
    path = None if target is None else check_writable(target, "the page's path")
    parts = read_results(folder)
    path = check_writable(Path(folder) / "report.html") if path is None else path
    mode = Path(folder).resolve().name
    text = page(parts, f"Benchmarks of fw_circuits ({mode})", _notes(parts, mode))
    write_atomically(path, text.encode("utf-8"))
    return path


def _notes(parts: list[Part], mode: str) -> list[str]:
    ran = [part for part in parts if part.status in ("ok", "missed")]
    notes = [f"{len(ran)} of {len(parts)} parts ran to their end."]
    if mode == "quick":
        notes.append("These are the quick sizes: they show that everything runs, not what it reaches.")
    for status in ("skipped", "failed", "interrupted", "running", "not run"):
        names = [part.name for part in parts if part.status == status]
        if names:
            notes.append(f"{WORDS[status][0].capitalize()}: {', '.join(names)}.")
    for key in ("machine", "commit"):
        values = sorted({part.details[key] for part in ran if part.details.get(key)})
        if len(values) > 1:
            notes.append(f"More than one {key}: {'; '.join(values)}; each part names its own.")
        elif values:
            notes.append(f"{key.capitalize()}: {values[0]}.")
    return notes


def _part(folder: Path, name: str, record: Mapping[str, Any], question: str) -> Part:
    options = {**record.get("options", {})}
    words = ["fw-circuits bench", name, *(f"--{key} {value}" for key, value in options.items())]
    if record.get("mode", folder.resolve().name) == "quick":
        words.append("--quick")
    details = {key: record.get(key) for key in ("date", "commit", "machine", "versions", "seed")}
    details["versions"] = ", ".join(f"{k} {v}" for k, v in (record.get("versions") or {}).items())
    seconds, cpu = record.get("seconds"), record.get("cpu_seconds")
    details["seconds"] = None if seconds is None else f"{seconds:.1f}" + (f" ({cpu:.1f} of CPU)" if cpu else "")
    if record and record.get("seed") is None:
        details["seed"] = "none: nothing is drawn at random"
    config = record.get("config") or {}
    status = record.get("status", "not run")
    return Part(
        name=name,
        question=record.get("question") or question,
        status=status if status in WORDS else "failed",
        command=" ".join(words),
        finding=record.get("finding", ""),
        caveat=record.get("caveat", ""),
        sentences=record.get("sentences", ()),
        targets=[(target["sentence"], bool(target["met"])) for target in record.get("targets", ())],
        figures=[Figure(_bytes(folder / f"{f['name']}.png"), f["caption"]) for f in record.get("figures", ())],
        tables=[_grid(folder, table["name"], len(table["columns"])) for table in record.get("tables", ())],
        details={key: str(value) for key, value in details.items() if value not in (None, "")},
        config="\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in config.items()),
    )


def _grid(folder: Path, name: str, width: int) -> Grid:
    """The benchmark's own columns of a CSV; the machine's stand behind them and are reported once per part."""
    path = folder / f"{name}.csv"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: {error}; expected the table that the record names; run the part again.") from error
    return Grid(name, head[:width], [row[:width] for row in rows])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: {error}; expected the figure that the record names; run the part again.") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FormatError(f"{path}: {error}; expected JSON; delete the file and run the part again.") from error
    if not isinstance(value, dict):
        raise FormatError(f"{path}: expected one JSON object; delete the file and run the part again.")
    return value
