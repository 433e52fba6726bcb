"""The quantities of `benchmarks.sandwich`, and theory's exponents for their growth, with reasons."""

from benchmarks._sandwich_families import GAMMA

#: Size parameter of each family; 1 / eps for the others.
SIZE = {"parity": "m - 1", "carry": "h", "mean of blocks": "K"}
QUANTITIES = {
    "size_lower": "C(f, eps), proved from below",
    "size_upper": "C(f, eps), by construction",
    "path": "gates along a path of solve",
    "htmc_lower": "HTMC norm over the eps seen, from below",
    "htmc_upper": "HTMC norm over the eps seen, from above",
    "gauge_global": "gauge, bound below, all circuits of the levels",
    "gauge_class": "gauge, bound below, circuits searched",
    "gauge_upper": "gauge, bound above",
    "l1_lower": "R, l1, met",
    "l1_upper": "R, l1, certified",
    "l2_lower": "R, l2, met",
    "l2_upper": "R, l2, certified",
    "neurons": "neurons of the compiled net",
    "formula": "neurons by L (R / eps)^2, l2",
    "certified": "neurons that prune certifies",
}
THEORY: dict[str, dict[str, tuple[float, str]]] = {
    "parity": {
        **dict.fromkeys(("size_lower", "size_upper"), (1.0, "proved: m - 1, exactly")),
        **dict.fromkeys(("htmc_lower", "htmc_upper", "gauge_global", "gauge_class", "gauge_upper"),
                        (1.0 / GAMMA, "proved: 1/gamma, equal for parity")),
        **dict.fromkeys(("l1_lower", "l1_upper"), (1.0, "heuristic: folds, c (m - 1) for m a power of 2")),
        "formula": (2.0, "heuristic: (R / eps)^2, R as in l1, but for L ~ log m"),
    },
    "carry": {
        "size_upper": (0.0, "counted: log(1/eps), for all h"),
        "htmc_upper": (0.0, "counted: bounded"),
        "gauge_upper": (1.0 / GAMMA, "counted: (4 h - 3)^(1/gamma)"),
    },
    "mean of blocks": {
        **dict.fromkeys(("size_lower", "size_upper"), (1.0, "proved: 3 J of 3 K gates")),
        **dict.fromkeys(("htmc_lower", "htmc_upper"), (1.0 / GAMMA - 0.5, "proved: 1/gamma - 1/2")),
        **dict.fromkeys(("gauge_global", "gauge_class", "gauge_upper"), (0.0, "proved: between 1 and 3^(1/gamma)")),
        **dict.fromkeys(("l1_lower", "l1_upper"), (0.0, "counted: R of a block, K times 1 / K")),
        **dict.fromkeys(("l2_lower", "l2_upper"), (0.5, "heuristic: K equal slopes 1 / K, l2")),
        "neurons": (1.0, "counted: K blocks"),
        "formula": (2.0, "heuristic: (R / eps)^2, R as in l2, eps ~ K^(-1/2)"),
    },
}  # fmt: skip


def smooth_theory(d: int, beta: float) -> dict[str, tuple[float, str]]:
    """Hoelder functions: eps^-(d / beta) gates but for a logarithm are enough for every one of the class.

    One function may need fewer (the sine, of which only Lipschitz is used, needs powers of log(1/eps)), greedy
    coefficients may do worse, and gates along a path are neither bound: heuristic, all of them.
    """
    star = d / beta
    norms = (max(0.0, star / GAMMA - 1.0), "heuristic: max(0, gamma*/gamma - 1)")
    return {
        **dict.fromkeys(
            ("size_upper", "path"), (star, "heuristic: gamma* = d / beta (enough for the class; but for a log)")
        ),
        **dict.fromkeys(("htmc_upper", "gauge_upper"), norms),
    }


THEORY |= {
    "hats, d = 1, beta = 1/4": smooth_theory(1, 0.25),
    "hats, d = 1, beta = 1/2": smooth_theory(1, 0.5),
    "hats, d = 2, beta = 1": smooth_theory(2, 1.0),
    "sine, d = 1": smooth_theory(1, 1.0),
}
