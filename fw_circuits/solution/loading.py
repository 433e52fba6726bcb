"""Solutions from files."""

from os import PathLike

from fw_circuits._archive import read_state
from fw_circuits.exceptions import FormatError
from fw_circuits.objective import Multinomial
from fw_circuits.solution.multinomial import MultinomialSolution
from fw_circuits.solution.solution import FORMAT, VERSION, Solution


def load(path: str | PathLike[str]) -> Solution:
    """Read a solution that :meth:`Solution.save` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Solution

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind, or of a newer version.

    Examples
    --------
    >>> import numpy as np, tempfile, os, fw_circuits
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> solution = fw_circuits.solve(X, X[:, 0] ^ X[:, 1], lam=0.01)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "xor.npz")
    ...     solution.save(path)
    ...     again = fw_circuits.load(path)
    >>> np.array_equal(again.predict(X), solution.predict(X))
    True
    """
    header, arrays = read_state(path, FORMAT, VERSION)
    try:
        joint = header["settings"]["loss"] == Multinomial.name if header["version"] > 1 else False
        kind: type[Solution] = MultinomialSolution if joint else Solution
        return kind.from_state(header, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise FormatError(f"{path} is incomplete or inconsistent ({type(error).__name__}: {error}).") from error
