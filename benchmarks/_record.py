"""What is kept about a part: results/MODE/NAME.run.json, written whole or not at all.

A part is a benchmark in one mode (quick or full) with its options.  Its status is one of

- ``ok``, ``missed`` (ran to its end; the sentences say which targets were missed),
- ``skipped`` (cannot run here; the sentence says how), ``failed`` (stopped by an error), ``interrupted``,
- ``running``: what an unfinished run leaves behind when nobody could write anything else.

The commit is that of the checkout; a changed file of the benchmark itself is known by its hash.  Not checked: whether
the package has changed in between without a commit.
"""

import ast
import dataclasses
import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
#: Statuses of a part that ran to its end.
FINISHED = ("ok", "missed")


class Benchmark(NamedTuple):
    """The question (first line of the docstring) and the options that ``run`` takes beside ``quick``."""

    question: str
    options: tuple[str, ...]


def discover() -> dict[str, Benchmark]:
    """Every module of this folder that defines ``run``; nothing is imported."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == "run":
                options = tuple(a.arg for a in [*node.args.args, *node.args.kwonlyargs] if a.arg != "quick")
                question = (ast.get_docstring(tree) or "").partition("\n\n")[0]
                found[path.stem] = Benchmark(" ".join(question.split()), options)
    return found


def write_json(path: Path, value: Any) -> None:
    """Write beside the file, then rename: a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def read_record(results: Path, name: str) -> dict[str, Any]:
    """The record of a part; empty if there is none that can be read."""
    try:
        record = json.loads((results / f"{name}.run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(results: Path, record: Mapping[str, Any]) -> None:
    """Keep a record under its name."""
    write_json(results / f"{record['name']}.run.json", dict(record))


def forget(results: Path, name: str) -> None:
    """Delete what an earlier run of a part kept, so that no old table stands beside a new one."""
    old = read_record(results, name)
    files = [f"{table['name']}{extension}" for table in old.get("tables", []) for extension in (".csv", ".md")]
    files += [f"{figure['name']}.png" for figure in old.get("figures", [])]
    for file in [*files, f"{name}.run.json"]:
        (results / Path(file).name).unlink(missing_ok=True)


def now() -> str:
    """Local date and time to the second, with the offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def commit() -> str:
    """Short hash of the checkout's commit, "(changed)" behind it if files differ from it; "unknown" outside git."""
    try:
        run = {"cwd": FOLDER, "capture_output": True, "text": True, "check": True}
        known = subprocess.run(["git", "rev-parse", "--short", "HEAD"], **run).stdout.strip()
        changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], **run).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{known} (changed)" if changed else known


def source_hash(name: str) -> str:
    """Hash of a benchmark's own file."""
    return hashlib.sha256((FOLDER / f"{name}.py").read_bytes()).hexdigest()[:12]


def config_of(module: ModuleType) -> dict[str, Any]:
    """The constants that a benchmark's file assigns at its top level, as far as they are plain values."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    names: list[str] = []
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            names += [part.id for part in parts if isinstance(part, ast.Name) and part.id.isupper()]
    return {name: plain(getattr(module, name)) for name in names if not name.startswith("SEED")}


def plain(value: Any) -> Any:
    """A value that JSON can store: data classes as mappings, functions and classes by name, the rest as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {
            " / ".join(str(plain(part)) for part in (k if isinstance(k, tuple) else (k,))): plain(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | range):
        return [plain(v) for v in value if not (callable(v) and getattr(v, "__name__", "") == "<lambda>")]
    name = getattr(value, "__name__", "")
    return name if name and name != "<lambda>" else str(value).split(" at 0x")[0]


def shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they are kept: of a path its last part, for the page travels."""
    return {key: Path(value).name if key == "data" else value for key, value in options.items()}
