"""Do gradient-trained ResNets generalise with a penalty on R, and do they without?

The whole table of 8 inputs has 256 rows; the network sees a random part of it and is tested on the rest.  Nothing but
the penalty differs between two rows of a task: same architecture, optimiser, weight decay, steps, splits and seeds.
No rows are held out from so small a table: the last step is taken.
The targets are those of the squared loss; the other loss is shown beside it.
"""

import numpy as np

from benchmarks import _figures
from benchmarks._common import Table, check_targets, save_figure, tell
from fw_circuits.resnet import baseline

TASKS = (("parity-8", 0.8, lambda ones: ones % 2 == 1, 0.9), ("majority-8", 0.5, lambda ones: ones > 4, 1.0))
SEEDS = (0, 1, 2, 3, 4)  # of splits, parameters and batches
QUICK_STEPS = 500


def accuracy(label, share, loss, penalty, seed, **options):
    """Test accuracy, and the training: split, parameters and batches all come from the seed."""
    X = (np.arange(256)[:, None] >> np.arange(8)) & 1
    y = label(X.sum(axis=1))
    rows = np.random.default_rng(seed).permutation(256)
    train, test = np.split(rows, [round(share * 256)])
    training = baseline.fit(
        X[train], y[train], loss=loss, penalty=penalty, validation_fraction=0.0, random_state=seed, **options
    )
    threshold = 0.5 if loss == "squared" else 0.0
    return float(np.mean((training.resnet.forward(X[test]) > threshold) == y[test])), training


def run(quick: bool = False) -> list[str]:
    """Table of test accuracies over seeds; the penalised means of the squared loss are the targets.

    Parameters
    ----------
    quick : bool
        The squared loss, one seed and too few steps to reach the targets, which are not checked then.
    """
    table = Table(["task", "trained on", "loss", "penalty", "mean", "least", "each seed", "R~", "seconds"])
    targets = []
    options = {"steps": QUICK_STEPS} if quick else {}
    for name, share, label, target in TASKS:
        for loss in ("squared", "logistic")[: 1 if quick else 2]:
            for penalty in (baseline.PENALTY[loss], 0.0):
                runs = [
                    accuracy(label, share, loss, penalty, seed, **options) for seed in SEEDS[: 1 if quick else None]
                ]
                found = [value for value, _ in runs]
                mean = float(np.mean(found))
                norm = float(np.median([t.history[-1].surrogate for _, t in runs]))
                seconds = float(np.mean([t.seconds for _, t in runs]))
                each = " ".join(f"{value:.3f}" for value in found)
                table.add(name, f"{share:.0%}", loss, penalty, mean, min(found), each, norm, seconds)
                if penalty and loss == "squared" and not quick:
                    targets.append((f"{name}, {loss} loss, penalised, mean test accuracy", mean, ">=", target))
    table.show("baseline")
    summarise(table, quick)
    return check_targets(targets)


def summarise(table, quick):
    """Every seed as a dot, with the penalty and without it; and in words."""
    rows = [row for row in table.rows if row[2] == "squared"]
    names = [f"{row[0]}, {'penalty' if row[3] else 'no penalty'}" for row in rows]
    figure, (axis,) = _figures.panels(1, 2.8)
    each = [[float(value) for value in row[6].split()] for row in rows]
    for place, values in zip(range(len(rows))[::-1], each, strict=True):
        color = _figures.BLUE if rows[len(rows) - 1 - place][3] else _figures.GREY
        axis.plot(values, [place] * len(values), "o", color=color, alpha=0.7, ms=8)
    axis.set_yticks(range(len(rows))[::-1], names)
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.set_xlabel("test accuracy, a dot a seed")
    save_figure(figure, "baseline", "Test accuracy of gradient-trained ResNets with the penalty on R and without it")
    words = []
    for name in dict.fromkeys(row[0] for row in rows):
        with_, without = (next(r for r in rows if r[0] == name and bool(r[3]) is kind) for kind in (True, False))
        verb = "raises" if with_[4] > without[4] else "does NOT raise"
        words.append(
            f"the penalty {verb} the mean test accuracy on {name} ({without[4]:.3f} without, {with_[4]:.3f} with)"
        )
    tell(f"Squared loss: {'; '.join(words)}.",
         f"Seeds: {len(each[0])}; two functions of 8 inputs; weight decay is the same in both. The penalty is a "
         "surrogate of R by path norms, not R." + (" Quick: too few steps to judge." if quick else ""))  # fmt: skip
