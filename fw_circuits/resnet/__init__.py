"""Residual ReLU networks, the exact compiler from combinations of Tetrakis functions to them, and their complexity."""

from fw_circuits._bracket import Bracket
from fw_circuits.resnet.compile.compiler import compile_resnet
from fw_circuits.resnet.measure.activation import activation_bounds
from fw_circuits.resnet.measure.box import Box
from fw_circuits.resnet.measure.complexity import Complexity
from fw_circuits.resnet.measure.lipschitz import LipschitzCheck, verify_lipschitz
from fw_circuits.resnet.measure.pruning import Pruning, prune
from fw_circuits.resnet.measure.sensitivity import sensitivities
from fw_circuits.resnet.network import Block, ResNet

__all__ = [
    "Block",
    "Box",
    "Bracket",
    "Complexity",
    "LipschitzCheck",
    "Pruning",
    "ResNet",
    "activation_bounds",
    "compile_resnet",
    "prune",
    "sensitivities",
    "verify_lipschitz",
]
