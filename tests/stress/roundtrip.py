"""Files between this package and the tools of the field: ``python -m tests.stress.roundtrip --circuits 200``.

For each random circuit: abc and yosys write it in every form that their options give, we read it back, and abc
proves it equivalent (``cec``, by SAT; ports matched by name).  Then we write every format, and abc, yosys,
aigverse, cirbo and Icarus Verilog read it: same function, same port names.  A tool that is missing is skipped
and said so.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fw_circuits.circuits import Circuit
from fw_circuits.circuits.builder import Builder
from fw_circuits.circuits.formats.naming import encode
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import tables_of

ABC = shutil.which("berkeley-abc") or shutil.which("abc") or ""
YOSYS = shutil.which("yosys") or ""
IVERILOG = shutil.which("iverilog") or ""
HAS = {
    "abc": bool(ABC),
    "yosys": bool(YOSYS),
    "iverilog": bool(IVERILOG),
    "aigverse": importlib.util.find_spec("aigverse") is not None,
    "cirbo": importlib.util.find_spec("cirbo") is not None,
}
INPUTS = ("a[0]", "a[1]", "a[2]", "b", "c_1", "d[0]", "d[1]")
OUTPUTS = ("y[0]", "y[1]", "y[2]", "z", "w1", "k[0]", "k[1]", "pass2")
LIBRARY = """GATE inv1 1 O=!a; PIN * INV 1 999 1 0 1 0
GATE nand2 2 O=!(a*b); PIN * INV 1 999 1 0 1 0
GATE zero 0 O=CONST0;
GATE one 0 O=CONST1;
"""
CELLS = """module \\$_AND_ (input A, B, output Y); my_and u (.A(A), .B(B), .Y(Y)); endmodule
module \\$_XOR_ (input A, B, output Y); wire t;
  my_and u1 (A, ~B, t); my_or u2 (.A(t), .B(~A & B), .Y(Y)); endmodule
"""
MODULES = """module my_and (input A, B, output Y); assign Y = A & B; endmodule
module my_or (input A, input B, output Y); wire n; nor (n, A, B); not (Y, n); endmodule
"""


class Form(NamedTuple):
    """One way to write a file: who writes, the commands, and the reason if we refuse it."""

    tool: str
    prepare: str
    write: str
    refused: str = ""

    @property
    def name(self) -> str:
        return f"{self.tool}: {self.prepare}; {self.write}"

    @property
    def ending(self) -> str:
        """The file extension."""
        if "-ascii" in self.write:
            return ".aag"
        return EXTENSIONS[self.write.split()[0].removeprefix("write_")]

    def commands(self, out: str) -> str:
        """What the tool has to do to write the file."""
        return f"{self.prepare}; {self.write} {out}; "


EXTENSIONS = {"blif": ".blif", "verilog": ".v", "aiger": ".aig", "bench": ".bench", "pla": ".pla"}
_yosys, _abc = partial(Form, "yosys"), partial(Form, "abc")
MAPPED = "techmap -map cells.v; read_verilog modules.v; hierarchy -top gold"
GATES = "abc -g gates,MUX,AOI3,OAI3,AOI4,OAI4"
PLAIN = "-noattr -noexpr -nodec -decimal -nohex -nostr -simple-lhs -attr2comment -extmem -defparam -norename -sv -v"
FORMS = (
    *(
        _yosys("opt_clean", f"write_blif {o}")
        for o in ("", "-conn", "-impltf", "-noalias", "-icells", "-icells -gates")
    ),
    _yosys("opt_clean", "write_blif -conn -attr -param -cname -iname -iattr"),
    _yosys("opt_clean", "write_blif -icells -gates -conn -attr -param -cname"),
    _yosys("opt_clean", "write_blif -true + one -false + zero -undef + unknown"),
    _yosys("opt_clean", "write_blif -icells -buf $_BUF_ A Y"),
    _yosys("opt_clean", "write_blif -unbuf $_BUF_ A Y -blackbox"),
    _yosys("splitnets -ports", "write_blif"),
    _yosys(GATES, "write_blif"),
    _yosys(GATES, "write_blif -icells -gates"),
    _yosys("abc -g cmos; muxcover -mux4", "write_blif -icells"),
    _yosys("abc -lut 5", "write_blif"),
    _yosys("abc -lut 5", "write_blif -icells -param"),
    _yosys("abc -lut 4", "write_blif -icells", refused="write_blif -param|^$"),
    _yosys(f"{MAPPED}; simplemap", "write_blif"),
    _yosys("opt_clean", "write_blif -buf MYBUF I O -true VCC Y -false GND Y", refused="|described nowhere"),
    *(_yosys("opt_clean", f"write_verilog {o}") for o in ("", *PLAIN.split())),
    *(_yosys("opt_clean", f"write_verilog {o}") for o in ("-siminit -noexpr", "-renameprefix my$x")),
    _yosys("opt_clean", "write_verilog -noattr -noexpr -simple-lhs -nohex"),
    _yosys("splitnets -ports", "write_verilog"),
    _yosys("abc -g AND", "write_verilog -noattr"),
    _yosys(GATES, "write_verilog"),
    _yosys(GATES, "write_verilog -noexpr"),
    _yosys("abc -g cmos; muxcover -mux4", "write_verilog -noexpr"),
    _yosys("abc -lut 5", "write_verilog"),
    _yosys("abc -lut 5", "write_verilog -noexpr"),
    _yosys("abc -lut 5", "write_verilog -noexpr -defparam"),
    _yosys("synth", "write_verilog"),
    _yosys(MAPPED, "write_verilog"),
    _yosys(f"{MAPPED}; flatten", "write_verilog -noattr"),
    _yosys("techmap -map cells.v", "write_verilog", refused="described nowhere|^$"),
    *(_yosys("aigmap", f"write_aiger {o}") for o in ("-symbols", "-ascii -symbols")),
    *(_abc(p, "write_blif") for p in ("", "strash", "collapse", "if -K 4", "strash; dc2; logic", "fx")),
    _abc("if -K 6", "write_blif -j"),
    _abc("strash; if -S 44 -K 7", "write_blif -S 44"),
    _abc("strash; if -S 44 -K 7", "write_blif -S 44 -a"),
    _abc("read_library cells.genlib; strash; map", "write_blif", refused="read_library|^$"),
    _abc("read_library cells.genlib; strash; map; unmap", "write_blif"),
    *(_abc("strash", f"write_verilog {o}") for o in ("", "-f", "-a", "-m")),
    _abc("strash; logic", "write_verilog"),
    _abc("if -K 6", "write_verilog"),
    _abc("strash; if -K 4", "write_verilog -K 4"),
    _abc("strash", "write_bench"),
    _abc("strash", "write_bench -l"),
    _abc("if -K 6", "write_bench"),
    *(_abc("strash", f"write_aiger {o}") for o in ("-s", "-c -s")),
    _abc("collapse", "write_pla"),
    _abc("collapse", "write_pla -m"),
)


def circuit_of(seed: int) -> Circuit:
    """A random circuit with constants, wires, inverters and shared outputs among its outputs."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([2, 3, 4, 5, 7]))  # no vector of one bit: yosys calls its bit by the vector's name
    builder = Builder(n)
    signals = [0, *builder.inputs]
    for _ in range(int(rng.integers(0, 30))):
        a, b = (signals[i] ^ int(rng.integers(2)) for i in rng.integers(0, len(signals), 2))
        signals.append(builder.gate(int(rng.integers(1, 15)), a, b))
    m = int(rng.choice([2, 3, 4, 5, 7, 8]))
    outputs = [signals[-1 - int(i)] ^ int(rng.integers(2)) for i in rng.integers(0, min(12, len(signals)), m)]
    if m > 3:
        outputs[2] = int(rng.integers(2))
    return builder.circuit(outputs, INPUTS[:n], OUTPUTS[:m])


def run(*command: str, folder: Path, check: bool = True) -> str:
    """Output of a program; if `check`, it must not fail."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def with_vectors(circuit: Circuit) -> str:
    """A Verilog module around the module core, whose ports a[0], a[1], ... are a vector a."""
    lines, head = [], dict[str, None]()
    for direction, names in (("input", circuit.inputs), ("output", circuit.output_names)):
        sizes = Counter(name.partition("[")[0] for name in names)
        head |= dict.fromkeys(sizes)
        for name in sizes:
            limits = f"[{sizes[name] - 1}:0] " if f"{name}[0]" in names else ""
            lines.append(f"  {direction} {limits}{name};")
    ports = ", ".join(f".\\{name} ({name})" for name in (*circuit.inputs, *circuit.output_names))
    return "\n".join([f"module gold ({', '.join(head)});", *lines, f"  core u ({ports});", "endmodule", ""])


class Result(NamedTuple):
    """What came of one form or reader: "ok", "refused", "skipped", or what is wrong."""

    name: str
    outcome: str


def tools_write(circuit: Circuit, folder: Path, forms: tuple[Form, ...] = FORMS) -> Iterator[Result]:
    """Let the tools write the circuit in all forms, read each back, and let abc prove it."""
    (folder / "cells.v").write_text(CELLS)
    (folder / "modules.v").write_text(MODULES)
    (folder / "cells.genlib").write_text(LIBRARY)
    circuit.write(folder / "gold.blif", name="gold")
    circuit.write(folder / "core.v", name="core")
    (folder / "gold.v").write_text(with_vectors(circuit) + (folder / "core.v").read_text())
    names = {form: f"f{i}{form.ending}" for i, form in enumerate(forms)}
    start = "read_verilog gold.v; hierarchy -top gold; flatten; techmap; opt_clean; design -save start; "
    script = "".join(
        f"design -load start; {form.commands(file)}" for form, file in names.items() if form.tool == "yosys"
    )
    if HAS["yosys"]:
        run(YOSYS, "-q", "-p", start + script, folder=folder)
    for form, file in names.items():
        if form.tool == "abc" and HAS["abc"]:  # one process each: if one aborts, the others' files are there
            run(ABC, "-c", f"read gold.blif; {form.commands(file)}", folder=folder, check=False)
    proofs = []
    for form, file in names.items():
        if not HAS[form.tool]:
            yield Result(form.name, "skipped")
            continue
        if not (folder / file).exists() or not (folder / file).stat().st_size:
            yield Result(form.name, "not written")  # abc cannot, in this form and of this circuit
            continue
        try:
            result = Circuit.read(folder / file)
        except CircuitError as error:
            fits = form.refused and re.search(form.refused, str(error))
            yield Result(form.name, "refused" if fits else f"REFUSED: {error}")
            continue
        if set(result.inputs) != set(circuit.inputs) or set(result.output_names) != set(circuit.output_names):
            yield Result(form.name, f"PORTS: {result.inputs} {result.output_names}")
        elif form.refused and not (form.refused[0] == "|" or form.refused.endswith("^$")):
            yield Result(form.name, "READ, though it should be refused")
        else:
            result.write(folder / f"back{len(proofs)}.blif", name="gold")
            proofs.append(form.name)
    yield from prove(folder, "gold.blif", {name: f"back{i}.blif" for i, name in enumerate(proofs)})


def prove(folder: Path, gold: str, files: dict[str, str]) -> Iterator[Result]:
    """Equivalence of files to one, by name of the ports, as abc proves it."""
    if not HAS["abc"]:
        yield from (Result(name, "skipped") for name in files)
        return
    out = run(ABC, "-c", "".join(f"echo @@; cec {gold} {file}; " for file in files.values()), folder=folder)
    parts = dict(zip(files, re.split("(?m)^@@.*$", out)[1:], strict=True))
    for name, part in parts.items():
        proved = "Networks are equivalent" in part
        yield Result(name, "ok" if proved else f"NOT PROVED: {part.strip()[-300:]}")


def tables_by_iverilog(circuit: Circuit, file: Path) -> tuple[int, ...]:
    """Truth tables of a file as Icarus Verilog simulates it."""
    n, m = circuit.n_inputs, circuit.n_outputs
    ports = ", ".join(
        [f".\\{encode(name)} (x[{i}])" for i, name in enumerate(circuit.inputs)]
        + [f".\\{encode(name)} (y[{j}])" for j, name in enumerate(circuit.output_names)]
    )
    folder = file.parent
    (folder / "bench.v").write_text(
        f"module bench; reg [{n}:0] x; wire [{m - 1}:0] y; top u ({ports});\n"
        f'initial for (x = 0; x < {1 << n}; x = x + 1) begin #1 $display("%b", y); end\nendmodule\n'
    )
    run(IVERILOG, "-o", "bench.vvp", "bench.v", file.name, folder=folder)
    rows = run("vvp", "-n", "bench.vvp", folder=folder).split()
    return tuple(sum(1 << v for v, row in enumerate(rows) if row[m - 1 - j] == "1") for j in range(m))


def tables_by_aigverse(circuit: Circuit, file: Path) -> tuple[int, ...]:
    """Truth tables of a file as aigverse reads it; checks the names that it keeps."""
    from aigverse import algorithms, io

    read: Callable[..., object] = {
        ".v": io.read_verilog_into_aig,
        ".aig": io.read_aiger_into_aig,
        ".aag": io.read_ascii_aiger_into_aig,
        ".pla": io.read_pla_into_aig,
    }[file.suffix]
    if file.suffix == ".pla":  # aigverse knows no names and no type
        lines = file.read_text().splitlines(keepends=True)
        file = file.with_name("bare.pla")
        file.write_text("".join(line for line in lines if not line.startswith((".type", ".ilb", ".ob"))))
    network = read(str(file))
    if hasattr(network, "get_output_name"):
        names = [network.get_output_name(j) for j in range(network.num_pos)]
        if [name.strip("\\ ") for name in names] != [*map(encode, circuit.output_names)]:
            raise AssertionError(f"output names {names}")
    return tuple(int(table.to_hex(), 16) for table in algorithms.simulate(network))


def tables_by_cirbo(circuit: Circuit, file: Path) -> tuple[int, ...]:
    """Truth tables of a file as cirbo reads it; checks the names."""
    from cirbo.core.circuit import Circuit as Cirbo

    other = Cirbo.from_bench_file(str(file))
    if [other.inputs, other.outputs] != [[*map(encode, names)] for names in (circuit.inputs, circuit.output_names)]:
        raise AssertionError(f"ports {other.inputs} {other.outputs}")
    n = circuit.n_inputs  # cirbo counts with the first input as the highest bit
    order = [int(f"{v:0{n}b}"[::-1], 2) for v in range(1 << n)]
    return tuple(sum(1 << order[v] for v, bit in enumerate(row) if bit) for row in other.get_truth_table())


def compared(name: str, tool: str, read: Callable[[], tuple[int, ...]], expected: tuple[int, ...]) -> Result:
    """Whether a tool, if it is there, reads the expected tables."""
    if not HAS[tool]:
        return Result(name, "skipped")
    try:
        got = read()
    except Exception as error:
        return Result(name, f"FAILS: {type(error).__name__} {str(error)[:200]}")
    return Result(name, "ok" if got == expected else f"DIFFERS: {got} for {expected}")


def libraries_write(expected: tuple[int, ...], folder: Path) -> Iterator[Result]:
    """Let aigverse and cirbo write what they have read; we read it, by position, for aigverse renames the ports."""
    if HAS["aigverse"]:
        from aigverse import io

        network = io.read_verilog_into_aig(str(folder / "top.v"))
        io.write_verilog(network, str(folder / "aigverse.v"))
        io.write_aiger(network, str(folder / "aigverse.aig"))
    if HAS["cirbo"]:
        from cirbo.core.circuit import Circuit as Cirbo

        Cirbo.from_bench_file(str(folder / "top.bench")).save_to_file(str(folder / "cirbo.bench"))
    for tool, ending in (("aigverse", ".v"), ("aigverse", ".aig"), ("cirbo", ".bench")):
        file = folder / f"{tool}{ending}"
        yield compared(f"{tool} writes {ending}", tool, lambda file=file: tables_of(Circuit.read(file)), expected)


def tools_read(circuit: Circuit, folder: Path) -> Iterator[Result]:
    """Write every format; each tool that knows it reads it: same function, same names."""
    for ending in (".v", ".blif", ".bench", ".aig", ".aag", ".pla"):
        circuit.write(folder / f"top{ending}", **({"name": "top"} if ending == ".blif" else {}))
    expected = tables_of(circuit)
    readers = [("iverilog", ".v", tables_by_iverilog), ("cirbo", ".bench", tables_by_cirbo)]
    readers += [("aigverse", ending, tables_by_aigverse) for ending in (".v", ".aig", ".aag", ".pla")]
    for tool, ending, read in readers:
        name = f"{tool} reads {ending}"
        yield compared(name, tool, partial(read, circuit, folder / f"top{ending}"), expected)
    yield from libraries_write(expected, folder)
    files = {f"abc reads {ending}": f"top{ending}" for ending in (".blif", ".bench", ".v", ".pla")}
    if HAS["yosys"]:
        loads = {".v": "read_verilog top.v", ".blif": "read_blif top.blif"}
        loads |= {e: f"read_aiger -module_name top top{e}" for e in (".aig", ".aag")}
        script = "".join(
            f"design -reset; {load}; techmap; opt_clean; write_blif y{ending[1:]}.blif; "
            for ending, load in loads.items()
        )
        run(YOSYS, "-q", "-p", script, folder=folder)
        files |= {f"yosys reads {ending}": f"y{ending[1:]}.blif" for ending in loads}
    yield from prove(folder, "top.aig", files)


def collection(folder: Path, out: Path, largest: int = 400_000) -> Iterator[Result]:
    """Read the netlists of a folder (ISCAS-85, EPFL, ...); yosys and abc read them too, and abc proves it."""
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".v", ".bench", ".blif")):
        if path.stat().st_size > largest:
            continue
        try:
            Circuit.read(path).write(out / f"{path.name}.back.blif")
        except CircuitError as error:
            yield Result(path.name, "refused" if "register" in str(error) else f"REFUSED: {error}")
            continue
        gold = path
        if path.suffix == ".v":
            gold = out / f"{path.name}.blif"
            load = f"read_verilog {path}; hierarchy -auto-top; flatten; techmap; write_blif {gold}"
            run(YOSYS, "-q", "-p", load, folder=out)
        yield from prove(out, str(gold), {path.name: f"{path.name}.back.blif"})


def main(arguments: list[str] | None = None) -> int:
    """Run and print one line per form; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--circuits", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--collection", type=Path, help="a folder of netlists to read and prove instead")
    options = parser.parse_args(arguments)
    if options.collection:
        with tempfile.TemporaryDirectory() as name:
            results = list(collection(options.collection.resolve(), Path(name)))
        for form, outcome in results:
            print(f"{form:40} {outcome}")
        return int(any(outcome not in ("ok", "refused", "skipped") for _, outcome in results))
    counts: dict[str, Counter[str]] = {}
    bad = 0
    for seed in range(options.seed, options.seed + options.circuits):
        with tempfile.TemporaryDirectory() as name:
            circuit = circuit_of(seed)
            for form, outcome in (*tools_write(circuit, Path(name)), *tools_read(circuit, Path(name))):
                good = outcome in ("ok", "refused", "skipped", "not written")
                counts.setdefault(form, Counter())[outcome if good else "WRONG"] += 1
                if not good:
                    bad += 1
                    print(f"seed {seed}: {form}: {outcome}", flush=True)
    for form, counter in counts.items():
        print(f"{form:75} {', '.join(f'{k} {v}' for k, v in counter.items())}")
    print(f"{options.circuits} circuits, {len(counts)} forms and readers, {bad} wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
