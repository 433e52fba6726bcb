"""``python -m fw_circuits``: the command ``fw-circuits``."""

import sys

from fw_circuits.cli import main

sys.exit(main())
