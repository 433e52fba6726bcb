"""Results as rich tables and plain sentences."""

from rich import box
from rich.table import Table
from rich.text import Text

from fw_circuits.experiment import Experiment
from fw_circuits.solution import Solution


def atoms_table(solution: Solution, n: int = 5) -> Table:
    """The ``n`` atoms with the largest share of the norm: coefficient, share, gates, level, formula."""
    title = f"The {min(n, len(solution.atoms))} largest of {len(solution.atoms)} atoms"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in ("coef", "share", "gates", "level"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("formula", overflow="fold", ratio=1)
    norm = max(solution.norm, 1e-300)
    for b, atom in list(zip(solution.coef, solution.atoms, strict=True))[:n]:
        share = abs(b) * atom.cost ** (1.0 / solution.gamma) / norm
        table.add_row(f"{b:+.4g}", f"{100 * share:.1f} %", str(atom.n_gates), str(atom.level),
                      Text(atom.formula(solution.feature_names)))  # fmt: skip
    return table


def certificate_lines(solution: Solution) -> list[str]:
    """The certificate in words."""
    return solution.certificate.describe().splitlines()


def solution_lines(solution: Solution) -> list[str]:
    """Status and size of a solution."""
    seconds = solution.trace["seconds"]
    return [
        f"{solution.status.name}: {solution.status.message}",
        f"{len(solution.atoms)} atoms, {solution.n_gates} distinct gates, norm {solution.norm:.4g} "
        f"(gamma {solution.gamma:g}), {len(solution.trace)} passes in {seconds[-1] if seconds.size else 0.0:.2f} s.",
    ]


def experiment_lines(result: Experiment) -> list[str]:
    """Held-out score beside gradient boosting's, and how exact the compiled network is."""
    net, folds = result.resnet, result.fold_scores
    difference = result.score - result.boosting_score
    verdict = "level" if abs(difference) < 5e-4 else "ahead" if difference > 0 else "behind"
    return [
        f"Held-out {result.metric}, mean of {len(folds)} folds with the same settings: {result.score:.4f} "
        f"(spread {folds[:, 0].std():.4f}); gradient boosting on the same folds: {result.boosting_score:.4f} "
        f"(spread {folds[:, 1].std():.4f}): {verdict}.",
        f"Compiled ResNet: {net.n_neurons} neurons in {net.depth} blocks; largest deviation from the solution over "
        f"{result.n_points:,} points: {result.deviation:.1e}.",
    ]
