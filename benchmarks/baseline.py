"""Do gradient-trained ResNets generalise with a penalty on R, and do they without?

The whole table of 8 inputs has 256 rows; the network sees a random part of it and is tested on the rest.  Nothing but
the penalty differs between two rows of a task: same architecture, optimiser, weight decay, steps, splits and seeds.
No rows are held out from so small a table: the last step is taken.
The targets are those of the squared loss; the other loss is shown beside it.
"""

import numpy as np

from benchmarks._common import Table, check_targets
from fw_circuits.resnet import baseline

TASKS = (("parity-8", 0.8, lambda ones: ones % 2 == 1, 0.9), ("majority-8", 0.5, lambda ones: ones > 4, 1.0))
SEEDS = 5


def accuracy(label, share, loss, penalty, seed):
    """Test accuracy, and the training: split, parameters and batches all come from the seed."""
    X = (np.arange(256)[:, None] >> np.arange(8)) & 1
    y = label(X.sum(axis=1))
    rows = np.random.default_rng(seed).permutation(256)
    train, test = np.split(rows, [round(share * 256)])
    training = baseline.fit(
        X[train], y[train], loss=loss, penalty=penalty, validation_fraction=0.0, random_state=seed
    )
    threshold = 0.5 if loss == "squared" else 0.0
    return float(np.mean((training.resnet.forward(X[test]) > threshold) == y[test])), training


def run(quick: bool = False) -> list[str]:
    """Table of test accuracies over seeds; the penalised means of the squared loss are the targets."""
    table = Table(["task", "trained on", "loss", "penalty", "mean", "least", "each seed", "R~", "seconds"])
    targets = []
    for name, share, label, target in TASKS:
        for loss in ("squared", "logistic")[: 1 if quick else 2]:
            for penalty in (baseline.PENALTY[loss], 0.0):
                runs = [accuracy(label, share, loss, penalty, seed) for seed in range(3 if quick else SEEDS)]
                found = [value for value, _ in runs]
                mean = float(np.mean(found))
                norm = float(np.median([t.history[-1].surrogate for _, t in runs]))
                seconds = float(np.mean([t.seconds for _, t in runs]))
                each = " ".join(f"{value:.3f}" for value in found)
                table.add(name, f"{share:.0%}", loss, penalty, mean, min(found), each, norm, seconds)
                if penalty and loss == "squared":
                    targets.append(
                        (f"{name}, {loss} loss, penalised, mean test accuracy", mean, ">=", target)
                    )
    table.show("baseline")
    return check_targets(targets)
