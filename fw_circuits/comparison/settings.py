"""The settings that each family tries by default."""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]
#: Kinds of circuits, and for each the weights of the norm, as shares of the smallest that leaves the constant alone.
BOOLEAN_CIRCUITS = (({"oracle": "auto"}, (0.3, 0.2, 0.1)), ({"oracle": "deep"}, (0.2, 0.05, 0.01)))
REAL_CIRCUITS = (({"levels": (1,)}, (0.3, 0.1, 0.03)), ({"levels": (1, 2, 3)}, (0.1, 0.02, 0.004)))
#: Seconds of a run of the solver; what it has then is compiled.
TIME_LIMIT = 6.0
#: Weights of the path norm, the largest first: of equals on the validation rows the first is chosen, in both families.
PENALTIES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 0.0)


def default_settings(boolean: bool) -> tuple[list[Settings], list[Settings]]:
    """Six settings of each family: three penalties of two kinds of circuits; six penalties of gradient descent."""
    circuits: list[Settings] = [
        {**kind, "share": share, "time_limit": TIME_LIMIT}
        for kind, shares in (BOOLEAN_CIRCUITS if boolean else REAL_CIRCUITS)
        for share in shares
    ]
    return circuits, [{"penalty": penalty} for penalty in PENALTIES]
