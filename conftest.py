"""Files whose examples are not collected where PyTorch, which they import at their top, is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["fw_circuits/resnet/torch/*.py"]
