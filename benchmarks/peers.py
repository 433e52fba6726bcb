"""Side by side: which model scores best, in what time, at what size, and can it be read?

Block tasks and the carry of a 16-bit adder (6,400 random rows, 20,000 fresh ones), breast cancer and diabetes (five
folds); accuracy for classes, R2 for numbers.  All models run in this process, one after the other, on one thread, on
the same splits.  What is tuned, and on which rows, says ``_peer_models.py``.  Exact synthesis (ABC) does not learn from
samples: it is compared on small functions that are given completely, by the number of gates.

The tasks were chosen by us.  The blocks are what this package is made for; the real data are small.
"""

import importlib.util
import time
from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from benchmarks import _peer_models, _synthesis
from benchmarks._common import Table, Timer, check_targets, save_figure, tell
from benchmarks._figures import BLUE, GREEN, GREY, INK, OCHRE, ORANGE, PURPLE, RED, pyplot
from benchmarks._peer_models import MODELS, READABLE, Kind, quietly, score
from fw_circuits import Circuit
from fw_circuits.data import adder_bit, blocks

SEED = _peer_models.SEED
N_TRAIN, N_TEST, QUICK_TRAIN = 6_400, 20_000, 800
FOLDS = 5
#: Our score may be this much below the best peer's.
ALLOWED = 0.01
OURS = ("fw_circuits", "fw_circuits, deep")
SYNTHESIS_SECONDS = 10.0
#: Complete functions for exact synthesis (quick: the first two): name, inputs, value at the pattern's bits.
FUNCTIONS = (
    ("parity of 4", 4, lambda b: sum(b) % 2 == 1),
    ("multiplexer, selected by an xor", 4, lambda b: b[1] if b[0] ^ b[3] else b[2]),
    ("at least 2 of 4", 4, lambda b: sum(b) >= 2),
    ("2-bit adder, carry", 4, lambda b: b[0] + 2 * b[1] + b[2] + 2 * b[3] >= 4),
    ("majority of 5", 5, lambda b: sum(b) >= 3),
    ("3-bit comparator", 6, lambda b: b[0] + 2 * b[1] + 4 * b[2] > b[3] + 2 * b[4] + 4 * b[5]),
)  # fmt: skip

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def tasks(quick: bool) -> Iterator[tuple[str, Kind, list[Split]]]:
    """Name, kind and the splits (X, y, fresh X, fresh y)."""
    n = QUICK_TRAIN if quick else N_TRAIN

    def split(make) -> list[Split]:
        train, test = make(n, SEED), make(N_TEST // 4 if quick else N_TEST, SEED + 1)
        return [(train.X, np.asarray(train.y), test.X, np.asarray(test.y))]

    for shape in ("threshold",) if quick else ("threshold", "mixed", "parity"):
        data = split(lambda rows, seed, shape=shape: blocks(shape, "majority", rows, random_state=seed))
        yield f"majority, {shape}", Kind("class", "bits", 2 if quick else 3), data
    for shape in ("mixed",) if quick else ("mixed", "parity"):
        data = split(lambda rows, seed, shape=shape: blocks(shape, "mean", rows, random_state=seed))
        yield f"mean, {shape}", Kind("reg", "bits", 2 if quick else 3), data
    if not quick:
        data = split(lambda rows, seed: adder_bit(16, n_rows=rows, random_state=seed))
        yield "adder carry", Kind("class", "bits", 2, adder=True), data
    for name, data, goal, folds in (
        ("breast cancer", load_breast_cancer(), "class", StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)),
        ("diabetes", load_diabetes(), "reg", KFold(FOLDS, shuffle=True, random_state=SEED)),
    ):  # fmt: skip
        if quick and name != "diabetes":
            continue
        X, y = data.data, data.target
        parts = [(X[a], y[a], X[b], y[b]) for a, b in folds.split(X, y)]
        yield name, Kind(goal, "real", 2), parts[:1] if quick else parts


def installed(quick: bool) -> tuple[dict, list[str]]:
    """The models to run, and a sentence for each that is left out."""
    run, notes = {}, []
    for name, (fit, module, command, goals, in_quick) in MODELS.items():
        if importlib.util.find_spec(module) is None:
            notes.append(f"{name} is left out: not installed; install it with: {command}")
        elif quick and not in_quick:
            notes.append(f"{name} is left out of the quick run")
        else:
            run[name] = fit, goals
    return run, notes


def compare(quick: bool, table: Table) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Fill the table; scores by task and model, and notes on who is missing or failed."""
    models, notes = installed(quick)
    scores: dict[str, dict[str, float]] = {}
    for task, kind, parts in tasks(quick):
        scores[task] = {}
        for name, (fit, goals) in models.items():
            if kind.goal not in goals or (name == "fw_circuits, deep" and not kind.adder):
                continue
            cpu, wall, values, fitted = 0.0, 0.0, [], None
            try:
                for X, y, fresh, truth in parts:
                    with Timer() as timer, threadpool_limits(1):
                        fitted = quietly(fit, kind, X, y, quick)
                    cpu, wall = cpu + timer.cpu, wall + timer.wall
                    values.append(score(kind.goal, truth, fitted.predict(fresh)))
            except Exception as error:  # a peer that breaks is reported, and the others still run
                if name in OURS:
                    raise
                notes.append(f"{name} failed on {task}: {type(error).__name__}: {error}"[:200])
                table.add(task, name, None, cpu, wall, "failed", "-")
                continue
            scores[task][name] = float(np.mean(values))
            table.add(task, name, scores[task][name], cpu, wall, fitted.size, fitted.readable)
            print(f"{task}: {name}: {scores[task][name]:.4f}, {cpu:.1f} CPU s", flush=True)
    return scores, notes


def synthesis(quick: bool, table: Table) -> tuple[list[tuple[str, int, int]], list[str]]:
    """Gates of our circuit and of ABC's exact one for the complete functions, with the name, where both are known."""
    if not _synthesis.available():
        return [], [f"ABC is left out: not installed; install it with: {_synthesis.INSTALL}"]
    pairs = []
    for name, n, function in FUNCTIONS[:2] if quick else FUNCTIONS:
        values = [int(function([v >> i & 1 for i in range(n)])) for v in range(1 << n)]
        bits = sum(v << i for i, v in enumerate(values))
        start = time.perf_counter()
        circuit = Circuit.from_truth_table(bits, n)
        seconds = time.perf_counter() - start
        if circuit.truth_table() != bits:
            raise RuntimeError(f"from_truth_table returned another function than {name}")
        table.add(name, n, "fw_circuits", circuit.n_gates, "smallest (catalogue)" if n <= 4 else "no claim", seconds)
        exact = _synthesis.smallest(bits, n, SYNTHESIS_SECONDS)
        ended = "smallest (SAT)" if exact.ended == "exact" else exact.ended
        table.add(name, n, "ABC lutexact", exact.gates, ended, exact.seconds)
        if exact.gates is not None:
            pairs.append((name, circuit.n_gates, exact.gates))
    return pairs, []


def draw(scores: dict[str, dict[str, float]]) -> None:
    """results/peers.png: what each model leaves unexplained, one row per task."""
    names = [n for n in MODELS if any(n in s for s in scores.values())]
    looks = {"fw_circuits": ("o", BLUE), "fw_circuits, deep": ("D", BLUE)}
    shades = (GREY, INK, ORANGE, GREEN, PURPLE, OCHRE, RED)
    looks |= zip((n for n in names if n not in looks), zip("sx^vP*d", shades, strict=True), strict=False)
    rows = list(scores)[::-1]
    fig, axis = pyplot().subplots(figsize=(7.0, 2.6 + 0.75 * len(rows)), layout="constrained")
    for name in names[::-1]:
        marker, color = looks[name]
        big = name in OURS  # ours stand a little higher, so that they hide nobody
        points = [(max(1 - scores[t][name], 1e-5), i + 0.25 * big) for i, t in enumerate(rows) if name in scores[t]]
        axis.plot(*zip(*points, strict=True), marker, color=color, ms=11 if big else 10, mew=2.2, ls="",
                  mfc=color if big else "none", label=name)  # fmt: skip
    axis.set_xscale("log")
    axis.set_yticks(range(len(rows)), rows)
    axis.set(xlabel="1 - score on fresh rows (left is better; 1e-5: none)", title="What each model leaves")
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axis.get_legend_handles_labels()
    fig.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2, frameon=False, fontsize=12)
    save_figure(fig, "peers")


def run(quick: bool = False) -> list[str]:
    """Run all models on all tasks; returns the tasks that a peer wins by more than ALLOWED."""
    table = Table(["task", "model", "score", "fit CPU s", "fit wall s", "size (last fold)", "readable?"])
    scores, notes = compare(quick, table)
    exact = Table(["function", "inputs", "by", "gates", "claim", "wall s"])
    pairs, missing = synthesis(quick, exact)
    notes += missing
    for note in notes:
        table.add("note", note, None, None, None, "-", "-")
    print()
    table.show("peers")
    print()
    exact.show("peers-synthesis")
    print("\n".join(["", *notes]))
    with pyplot().rc_context({"font.size": 14}):
        draw(scores)
    broken = sum(row[5] == "failed" for row in table.rows)
    targets: list[tuple[str, float, str, float]] = [("fits of peers that failed", broken, "<=", 0)]
    won, lost = [], []
    for task, found in scores.items():
        mine = max((n for n in OURS if n in found), key=found.__getitem__)
        best = max((n for n in found if n not in OURS), key=found.__getitem__)
        targets.append((f"{task}: best of ours minus best peer ({best})", found[mine] - found[best], ">=", -ALLOWED))
        sentence = f"{task} {found[mine]:.4f} against {found[best]:.4f} ({best})"
        (won if found[mine] >= found[best] else lost).append(sentence)
    larger = [f"{name} {mine} to {least}" for name, mine, least in pairs if mine > least]
    gates = (
        f" Of {len(pairs)} small functions that ABC solved, our synthesis needs more gates on: {', '.join(larger)}."
        if larger
        else f" Our synthesis needs as few gates as ABC on all {len(pairs)} small functions that it solved."
    )
    tell(
        f"fw_circuits is level with or ahead of every peer on {len(won)} of {len(scores)} tasks"
        + (f": {'; '.join(won)}." if won else ".")
        + (f" It is behind on {'; '.join(lost)}." if lost else "")
        + (gates if pairs else ""),
        "The tasks were chosen by us and the blocks are made of circuits that the search covers. torchlogix and "
        f"BooleanRuleCG were cut short in steps. Readable: at most {READABLE} parts. "
        + (" ".join(f"{note}." for note in notes)),
    )
    return check_targets(targets)
