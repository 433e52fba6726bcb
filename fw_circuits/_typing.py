"""Array aliases shared by all rooms."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]
#: Bit columns packed 64 rows per word: row r is bit ``r % 64`` of word ``r // 64``; padding bits are zero.
Words = npt.NDArray[np.uint64]
