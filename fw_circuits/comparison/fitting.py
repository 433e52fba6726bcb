"""Networks of both families, fitted to the same rows."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fw_circuits._typing import Floats
from fw_circuits.comparison.settings import Settings
from fw_circuits.pipeline import first_search, path_of, prepare, solve
from fw_circuits.resnet import ResNet
from fw_circuits.resnet.baseline import Training, fit, fit_many
from fw_circuits.solution import Settings as SolveSettings
from fw_circuits.solution import Solution
from fw_circuits.solver import Clock

#: From this many rows on, gradient descent keeps a tenth of them to choose the step; fewer are worth more fitted to.
EARLY_STOPPING_ROWS = 1000


class Fitted(NamedTuple):
    """A network, the solution that it was compiled from (none for gradient descent), and the time taken."""

    solution: Solution | None
    net: ResNet
    seconds: float


def fit_circuits(X: Floats, y: Floats, settings: Sequence[Settings], exact_on: str) -> Iterator[Fitted]:
    """Solutions, compiled."""
    for tried in settings:
        start = time.perf_counter()
        options = {"n_jobs": 1, **tried}
        share = options.pop("share", None)
        if share is None:
            solution = solve(X, y, **options)
        else:
            problem = prepare(X, y, SolveSettings.of(**options))
            clock = Clock(options.get("time_limit"), start)
            first = first_search(problem, clock)
            solution = next(path_of(problem, [share * first.lam_max or 1.0], clock, first=first.answer))
        yield Fitted(solution, solution.to_resnet(exact_on), time.perf_counter() - start)


def fit_gradient(X: Floats, y: Floats, settings: Sequence[Settings], seed: int) -> list[Fitted]:
    """Networks trained by gradient descent; those whose settings differ in the penalty alone, side by side."""
    common = {"validation_fraction": 0.1 if len(y) >= EARLY_STOPPING_ROWS else 0.0, "random_state": seed}
    trained: dict[int, Training] = {}
    groups: list[tuple[dict[str, Any], list[int]]] = []
    for k, tried in enumerate(settings):
        options = {**common, **tried}
        if "penalty" not in options or {"module", "patience"} & options.keys():
            trained[k] = fit(X, y, **options)
            continue
        del options["penalty"]
        same = next((members for shared, members in groups if shared == options), None)
        if same is None:
            groups.append((options, [k]))
        else:
            same.append(k)
    for options, members in groups:
        penalties = [settings[k]["penalty"] for k in members]
        trained |= zip(members, fit_many(X, y, penalties=penalties, **options), strict=True)
    return [Fitted(None, trained[k].resnet, trained[k].seconds) for k in range(len(settings))]
