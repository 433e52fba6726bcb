"""The direction of the data flow, read off the source: a rank imports only from ranks to its left.

Nothing is imported here: every file is parsed.  ``violations`` is tested on small made-up files too, so that
a silent checker cannot pass for a sound architecture.
"""

import ast
import re
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "fw_circuits"

#: For each package its files and subpackages from left to right: "<" separates ranks, those of one rank are
#: siblings and never import each other.  A package's own name stands for its ``__init__``, right of everything in it.
ORDER = {
    "": "exceptions < _typing _bracket _sparse _interrupt _checks < _bits _tables _labels _settings _optional _files "
    "< _archive _validation _kernels < _threads < circuits lattice < columns < tetrakis data "
    "< objective oracle resnet rounding < solution "
    "< solver certificate progress < pipeline < htmc estimators < experiment comparison < report < cli",
    "cli": "options output < comparing explaining saved solving suite",
    "circuits": "gate tables < decomposition simulate < circuit < batch builder exact_search cuts graph "
    "< catalogue weighted_sum < passes read_once < merging aig formula expansion < families < synthesis < formats",
    "circuits.formats": "pla_file tokens < naming verilog_expression < dot gates < netlist verilog_module "
    "< aiger bench blif verilog_bits < pla verilog",
    "columns": "cells < column < table",
    "comparison": "settings task < fitting results < contest",
    "data": "dataset selection < arithmetic blocks counting header pla < features < text < readers",
    "estimators": "fold rows < base < choice plain < cv",
    "htmc": "bracket cube rate < column_generation < exact < classes five",
    "lattice": "domain reference rows < triangulation < lattice",
    "objective": "base < floor forms multinomial < losses",
    "oracle": "base found gate_classes literals shape tables < data dictionary screen wrappers < reference "
    "< exact families turns < composition deep sampled < lazy < by_output factory",
    "oracle.exact": "literal_choice pace signed_tables < gates_pass shaped_pass subset_pass < price < subset "
    "< gates shaped",
    "oracle.families": "pair_sums sample < chains counting < frame walsh < carry parity symmetric",
    "report": "comparison effects page plots tables < effect_plots results < explain",
    "resnet": "checks < network < baseline float32 < compile measure onnx_export torch",
    "resnet.compile": "builder < gadgets intervals symmetric < forms wide_gates < vertices < compiler",
    "resnet.measure": "enclosure keep_probabilities scaling < box < activation counterexamples < attained sensitivity "
    "< lipsdp lower_bound pruning splitting < lipschitz upper_bound < complexity",
    "resnet.torch": "activations hints module stream < runner < reader < importer < path_norm < models "
    "< descent < training",
    "rounding": "compensation rounded < problem < sampling search",
    "pipeline": "problem < fit < front",
    "solution": "trace < certificate < state < solution < multinomial < loading",
    "solver": "clock columns lasso reference < active_set < corrective directions joint restricted state "
    "< refit steps < methods < loop",
    "tetrakis": "values < atom < combination < outputs",
}
RANK = {
    package: {name: rank for rank, names in enumerate(order.split("<")) for name in names.split()}
    for package, order in ORDER.items()
}

#: The only functions that may import to the right: conveniences on the objects that users hold.
FACADES = {
    "circuits.circuit": {"Circuit.formula", "Circuit.from_networkx", "Circuit.from_truth_table", "Circuit.key",
                         "Circuit.read", "Circuit.to_networkx", "Circuit.write"},
    "resnet.baseline": {"_trained"},
    "resnet.network": {"ResNet.complexity", "ResNet.from_torch", "ResNet.prune", "ResNet.to_onnx", "ResNet.to_torch"},
}  # fmt: skip

#: Optional at run time: never imported when the package is.
OPTIONAL = {"torch", "pandas", "pyarrow", "onnx", "onnxruntime", "celer"}
#: The files that are written for PyTorch: they alone import it at their top, and nothing else imports them at its own.
FOR_TORCH = "fw_circuits.resnet.torch"
MAX_LINES = 400


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
            full = f"{base}.{alias.name}"
            is_module = base == "fw_circuits" or (ROOT / full.replace(".", "/")).with_suffix(".py").is_file()
            self.add(node, full if is_module or full.removeprefix("fw_circuits.") in RANK else base)

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


def name_of(path: str) -> tuple[str, ...]:
    """Where a file of the package stands in it: ("oracle", "exact", "scan"), or ("oracle", "__init__")."""
    return PurePosixPath(path).with_suffix("").parts[1:]


def target_of(module: str) -> tuple[str, ...] | None:
    """The same for an imported module, "__init__" added where it names a package; None outside the package."""
    parts = module.split(".")
    if parts[0] != "fw_circuits":
        return None
    return (*parts[1:], "__init__") if ".".join(parts[1:]) in RANK else tuple(parts[1:])


def rank(package: tuple[str, ...], child: str) -> int | None:
    """The rank of a file or subpackage within its package; None if it has no place."""
    ranks = RANK.get(".".join(package), {})
    return len(RANK) + len(ranks) if child in ("__init__", "__main__") else ranks.get(child)


def direction(name: tuple[str, ...], other: tuple[str, ...]) -> str | None:
    """What is wrong with an import of ``other`` by ``name``: None if it points to the left."""
    common = 0
    while common < min(len(name), len(other)) - 1 and name[common] == other[common]:
        common += 1
    package, mine, its = name[:common], name[common], other[common]
    if (place := rank(package, its)) is None:
        return "which is no room; name the room that defines it"
    here = rank(package, mine)
    assert here is not None, f"{name} has no place"
    if place < here or (mine == its and name == other):
        return None
    return "its sibling" if place == here and mine != its else "to its right"


def imports_of(path: str, source: str):
    """Imports of one file given by its path relative to the repository."""
    parts = PurePosixPath(path).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    visitor = Imports(".".join(parts[:-1] if is_package else parts), is_package)
    visitor.visit(ast.parse(source, filename=path))
    return visitor.found


def violations(path: str, source: str) -> list[str]:
    """Sentences about what one file of the package imports against the rules."""
    name = name_of(path)
    imports = imports_of(path, source)
    if name == ("__init__",):  # the public names: any room may be imported here
        return [f"{path}:{n}: imports {m}" for n, m, w, _ in imports if _optional(m) and not w]
    for depth, child in enumerate(name):
        if name[0] != "_kernels" and rank(name[:depth], child) is None:
            return [f"{path}: {child!r} has no place in its package; give it one in ORDER (and in the README's map)"]
    wrong = []
    for line, module, where, typing_only in imports:
        if not where and not typing_only and _optional(module) and not _may_import_torch(path, module):
            wrong.append(f"{path}:{line}: imports {module} at module level; it is optional at run time")
        other = target_of(module)
        if other is None or name[0] == other[0] == "_kernels":
            continue
        facade = where in FACADES.get(".".join(name), set()) or (typing_only and ".".join(name) in FACADES)
        if (found := direction(name, other)) and not facade:
            wrong.append(
                f"{path}:{line}: {'.'.join(name)} imports {module}, {found}" + (f" (in {where})" if where else "")
            )
    return wrong


def _optional(module: str) -> bool:
    return module.split(".")[0] in OPTIONAL or f"{module}.".startswith(f"{FOR_TORCH}.")


def _may_import_torch(path: str, module: str) -> bool:
    inside = path.startswith(FOR_TORCH.replace(".", "/") + "/")
    return inside and (module.split(".")[0] == "torch" or module.startswith(FOR_TORCH))


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


def test_late_imports_are_the_listed_ones():
    late = {
        (".".join(name_of(path)), where, module)
        for path in map(relative, python_files(PACKAGE))
        for _, module, where, _ in imports_of(path, (ROOT / path).read_text(encoding="utf-8"))
        if where and target_of(module)
    }
    assert {item[:2] for item in late} == {(name, f) for name, those in FACADES.items() for f in those}
    assert len(late) <= 13


def test_every_place_of_the_order_is_taken():
    for package, ranks in RANK.items():
        folder = PACKAGE / package.replace(".", "/")
        for child in ranks:
            assert (folder / f"{child}.py").is_file() or (folder / child / "__init__.py").is_file(), (package, child)


def test_no_room_is_both_a_module_and_a_package():
    for room in RANK[""]:
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
        modules = {m.split(".")[0] for _, m, _, _ in imports_of(relative(path), path.read_text(encoding="utf-8"))}
        assert "benchmarks" not in modules, relative(path)


ALLOWED = [
    ("fw_circuits/cli/saved.py", "from fw_circuits import report, solver\nimport fw_circuits.data.pla"),
    ("fw_circuits/oracle/exact/subset.py", "from fw_circuits.circuits.catalogue import COST\nfrom .pace import x"),
    ("fw_circuits/oracle/__init__.py", "from . import subset\nfrom ..lattice import Lattice"),
    (
        "fw_circuits/resnet/network.py",
        "class ResNet:\n def prune(self):\n  from fw_circuits.resnet.measure.pruning import prune",
    ),
    ("fw_circuits/resnet/network.py", "if TYPE_CHECKING:\n from fw_circuits.resnet.measure.pruning import x"),
    ("fw_circuits/resnet/onnx_export.py", "def to_torch():\n import torch"),
    ("fw_circuits/resnet/torch/models.py", "import torch\nfrom fw_circuits.resnet.torch.module import ResidualMLP"),
    ("fw_circuits/__main__.py", "from fw_circuits.cli import main"),
    ("fw_circuits/__init__.py", "from fw_circuits.pipeline import solve\nfrom fw_circuits.cli import main"),
    ("fw_circuits/_validation.py", "import numpy\nfrom fw_circuits.exceptions import InputError"),
]
FORBIDDEN = [
    ("fw_circuits/lattice/rows.py", "from fw_circuits.data import Dataset", "to its right"),
    ("fw_circuits/data/__init__.py", "from ..pipeline import solve", "to its right"),
    ("fw_circuits/data/pla.py", "import fw_circuits.cli", "to its right"),
    ("fw_circuits/data/pla.py", "from fw_circuits import solver", "to its right"),
    ("fw_circuits/data/pla.py", "from fw_circuits import Solution", "no room"),
    ("fw_circuits/data/pla.py", "import fw_circuits", "to its right"),
    ("fw_circuits/lattice/rows.py", "from fw_circuits.circuits.gates import Gate", "its sibling"),
    ("fw_circuits/certificate.py", "from fw_circuits.solver import loop", "its sibling"),
    ("fw_circuits/oracle/exact/subset.py", "def f():\n from fw_circuits.objective import Squared", "in f"),
    ("fw_circuits/oracle/exact/subset.py", "import importlib\nimportlib.import_module('fw_circuits.cli')", "right"),
    ("fw_circuits/oracle/exact/subset.py", "f = lambda: __import__('fw_circuits.cli')", "to its right"),
    (
        "fw_circuits/solution/solution.py",
        "class Solution:\n def plot(self):\n  import fw_circuits.report.plots",
        "Solution.plot",
    ),
    ("fw_circuits/solution/solution.py", "from fw_circuits.htmc import rate", "to its right"),
    ("fw_circuits/oracle/exact/subset.py", "from fw_circuits.oracle import Oracle", "to its right"),
    (
        "fw_circuits/oracle/exact/subset_pass.py",
        "from fw_circuits.oracle.exact.gates import GateOracle",
        "to its right",
    ),
    ("fw_circuits/oracle/exact/subset_pass.py", "from fw_circuits.oracle.exact import gates_pass", "its sibling"),
    ("fw_circuits/tetrakis/atom.py", "if TYPE_CHECKING:\n from fw_circuits.solver import x", "to its right"),
    ("fw_circuits/tetrakis/atom.py", "try:\n import pandas as pd\nexcept ImportError: pass", "optional"),
    ("fw_circuits/resnet/onnx_export.py", "from torch.nn import Module", "optional"),
    ("fw_circuits/resnet/torch/models.py", "import onnx", "optional"),
    ("fw_circuits/comparison.py", "from fw_circuits.resnet.torch.training import trainings", "optional"),
    ("fw_circuits/comparison.py", "from fw_circuits.resnet.torch import training", "optional"),
    ("fw_circuits/__init__.py", "import pyarrow", "pyarrow"),
    ("fw_circuits/helpers.py", "", "no place"),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_the_checker_allows(path, source):
    assert violations(path, source) == []


@pytest.mark.parametrize(("path", "source", "message"), FORBIDDEN)
def test_the_checker_forbids(path, source, message):
    assert len(found := violations(path, source)) == 1 and message in found[0]
