"""The direction of the data flow, read off the source: a stage imports only from stages to its left.

Nothing is imported here: every file is parsed.  ``violations`` is tested on small made-up files too, so that
a silent checker cannot pass for a clean house.
"""

import ast
import re
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fw_circuits"

#: From left to right; rooms of one stage are siblings and never import each other.
STAGES = (
    ("exceptions",),
    ("_typing", "_sparse"),
    ("_tables", "_labels", "_settings"),
    ("_validation", "_kernels"),
    ("_threads",),
    ("data",),
    ("lattice", "circuits"),
    ("tetrakis",),
    ("objective", "oracle"),
    ("solution",),
    ("solver", "certificate", "io", "progress"),
    ("pipeline",),
    ("rounding", "resnet", "htmc"),
    ("estimators",),
    ("experiment", "comparison"),
    ("report", "plots"),
    ("cli",),
)
RANK = {room: rank for rank, stage in enumerate(STAGES) for room in stage} | {"__main__": len(STAGES)}

#: The only functions that may import to the right (conveniences on the object that users hold).
RIGHTWARD = {"solution": {"Solution.to_resnet", "Solution.to_circuit", "Solution.save"}}

#: Optional at run time: never imported when the package is.
OPTIONAL = {"torch", "pandas", "pyarrow", "onnx", "onnxruntime", "celer"}
MAX_LINES = 500


class Imports(ast.NodeVisitor):
    """Collect (line, absolute module, enclosing function or "", only for type checkers)."""

    def __init__(self, module: str, is_package: bool):
        self.package = module if is_package else module.rpartition(".")[0]
        self.scope: list[tuple[str, bool]] = []  # (name, is a function)
        self.typing_only = 0
        self.found: list[tuple[int, str, str, bool]] = []

    def add(self, node, module):
        inside = any(function for _, function in self.scope)
        where = ".".join(name for name, _ in self.scope) if inside else ""
        self.found.append((node.lineno, module, where, self.typing_only > 0))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(node, alias.name)

    def visit_ImportFrom(self, node):
        base = node.module or ""
        if node.level:
            parts = self.package.split(".")
            parts = parts[: len(parts) - node.level + 1]
            base = ".".join([*parts, base] if base else parts)
        for alias in node.names:
            self.add(node, f"{base}.{alias.name}" if base == "fw_circuits" else base)

    def visit_Call(self, node):
        name = ast.unparse(node.func)
        if name in ("importlib.import_module", "import_module", "__import__") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                self.add(node, first.value)
        self.generic_visit(node)

    def visit_If(self, node):
        guard = ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        self.typing_only += guard
        for child in node.body:
            self.visit(child)
        self.typing_only -= guard
        for child in node.orelse:
            self.visit(child)

    def _enter(self, node, function):
        self.scope.append((getattr(node, "name", "<lambda>"), function))
        self.generic_visit(node)
        self.scope.pop()

    def visit_ClassDef(self, node):
        self._enter(node, False)

    def visit_FunctionDef(self, node):
        self._enter(node, True)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_Lambda = visit_FunctionDef


def room_of(module: str) -> str | None:
    """The room of an absolute module name; None outside the package, "" for the package itself."""
    parts = module.split(".")
    if parts[0] != "fw_circuits":
        return None
    return parts[1] if len(parts) > 1 else ""


def imports_of(path: str, source: str):
    """Imports of one file given by its path relative to the repository."""
    parts = PurePosixPath(path).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    visitor = Imports(".".join(parts[:-1] if is_package else parts), is_package)
    visitor.visit(ast.parse(source, filename=path))
    return visitor.found


def violations(path: str, source: str) -> list[str]:
    """Sentences about what one file of the package imports against the rules."""
    parts = PurePosixPath(path).with_suffix("").parts
    if parts == ("fw_circuits", "__init__"):  # the public names: any room may be imported here
        return [
            f"{path}:{n}: imports {m}" for n, m, w, _ in imports_of(path, source) if _optional(m) and not w
        ]
    room = parts[1]
    if room not in RANK:
        return [
            f"{path}: {room!r} is not a room of the chain; give it a place in STAGES and in the README's map"
        ]
    wrong = []
    for line, module, where, typing_only in imports_of(path, source):
        if _optional(module) and not where and not typing_only:
            wrong.append(f"{path}:{line}: imports {module} at module level; it is optional at run time")
        other = room_of(module)
        if other is None or other == room:
            continue
        if other not in RANK:
            wrong.append(f"{path}:{line}: imports {module}, which is no room; name the room that defines it")
        elif RANK[other] >= RANK[room]:
            if where in RIGHTWARD.get(room, set()) or (typing_only and room in RIGHTWARD):
                continue
            side = "its sibling" if RANK[other] == RANK[room] else "to its right"
            wrong.append(
                f"{path}:{line}: {room} imports {module}, {side}" + (f" (in {where})" if where else "")
            )
    return wrong


def _optional(module: str) -> bool:
    return module.split(".")[0] in OPTIONAL


def python_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [relative(p) for p in python_files(PACKAGE)])
def test_imports_point_to_the_left(path):
    assert not violations(path, (ROOT / path).read_text(encoding="utf-8"))


def test_compiled_wrappers_import_no_room():
    pattern = re.compile(r"^\s*(?:from|c?import)\s+fw_circuits\.(\w+)", re.MULTILINE)
    for path in sorted((PACKAGE / "_kernels").glob("*.pyx")):
        rooms = set(pattern.findall(path.read_text(encoding="utf-8")))
        assert rooms <= {"_kernels", "_typing", "exceptions"}, relative(path)


def test_no_room_is_both_a_module_and_a_package():
    for room in RANK:
        assert not ((PACKAGE / room).is_dir() and (PACKAGE / f"{room}.py").exists()), room


@pytest.mark.parametrize("folder", ["fw_circuits", "csrc"])
def test_files_stay_short(folder):
    lengths = {
        relative(p): len(p.read_text(encoding="utf-8").splitlines())
        for p in (ROOT / folder).rglob("*")
        if p.suffix in (".py", ".pyx", ".pxd", ".c", ".h")
    }
    assert lengths and not {path: n for path, n in lengths.items() if n > MAX_LINES}


def test_c_code_knows_nothing_of_python():
    pattern = re.compile(r'#\s*include\s*[<"](Python\.h|numpy/)')
    for path in (ROOT / "csrc").rglob("*.[ch]"):
        assert not pattern.search(path.read_text(encoding="utf-8")), relative(path)


def test_tests_never_import_benchmarks():
    for path in python_files(ROOT / "tests"):
        modules = {
            m.split(".")[0] for _, m, _, _ in imports_of(relative(path), path.read_text(encoding="utf-8"))
        }
        assert "benchmarks" not in modules, relative(path)


ALLOWED = [
    ("fw_circuits/cli.py", "from fw_circuits import report, solver\nimport fw_circuits.data.pla"),
    (
        "fw_circuits/oracle/subset.py",
        "from fw_circuits.circuits.catalogue import COST\nfrom .bounds import x",
    ),
    ("fw_circuits/oracle/__init__.py", "from . import subset\nfrom ..lattice import Lattice"),
    (
        "fw_circuits/solution.py",
        "class Solution:\n def save(self):\n  from fw_circuits.pipeline import solve",
    ),
    ("fw_circuits/solution.py", "if TYPE_CHECKING:\n from fw_circuits.resnet import ResNet"),
    ("fw_circuits/resnet/torch.py", "def to_torch():\n import torch"),
    ("fw_circuits/__main__.py", "from fw_circuits.cli import main"),
    ("fw_circuits/__init__.py", "from fw_circuits.pipeline import solve\nfrom fw_circuits.cli import main"),
    ("fw_circuits/_validation.py", "import numpy\nfrom fw_circuits.exceptions import InputError"),
]
FORBIDDEN = [
    ("fw_circuits/data/pla.py", "from fw_circuits.circuits import Circuit", "to its right"),
    ("fw_circuits/data/__init__.py", "from ..pipeline import solve", "to its right"),
    ("fw_circuits/data/pla.py", "import fw_circuits.cli", "to its right"),
    ("fw_circuits/data/pla.py", "from fw_circuits import solver", "to its right"),
    ("fw_circuits/data/pla.py", "from fw_circuits import Solution", "no room"),
    ("fw_circuits/data/pla.py", "import fw_circuits", "no room"),
    ("fw_circuits/lattice/rows.py", "from fw_circuits.circuits.gates import Gate", "its sibling"),
    ("fw_circuits/certificate.py", "from fw_circuits.solver import loop", "its sibling"),
    ("fw_circuits/oracle/subset.py", "def f():\n from fw_circuits.objective import Squared", "in f"),
    ("fw_circuits/oracle/subset.py", "import importlib\nimportlib.import_module('fw_circuits.cli')", "right"),
    ("fw_circuits/oracle/subset.py", "f = lambda: __import__('fw_circuits.cli')", "to its right"),
    (
        "fw_circuits/solution.py",
        "class Solution:\n def plot(self):\n  import fw_circuits.plots",
        "Solution.plot",
    ),
    ("fw_circuits/solution.py", "from fw_circuits.resnet import compile", "to its right"),
    ("fw_circuits/tetrakis.py", "if TYPE_CHECKING:\n from fw_circuits.solver import x", "to its right"),
    ("fw_circuits/tetrakis.py", "try:\n import pandas as pd\nexcept ImportError: pass", "optional"),
    ("fw_circuits/resnet/torch.py", "from torch.nn import Module", "optional"),
    ("fw_circuits/__init__.py", "import pyarrow", "pyarrow"),
    ("fw_circuits/helpers.py", "", "not a room"),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_the_checker_allows(path, source):
    assert violations(path, source) == []


@pytest.mark.parametrize(("path", "source", "message"), FORBIDDEN)
def test_the_checker_forbids(path, source, message):
    assert len(found := violations(path, source)) == 1 and message in found[0]
