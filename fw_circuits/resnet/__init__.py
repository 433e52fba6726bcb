"""Residual ReLU networks, the exact compiler from combinations of Tetrakis functions to them, and their complexity."""

from fw_circuits.resnet.activation import activation_bounds
from fw_circuits.resnet.box import Box
from fw_circuits.resnet.compiler import compile_resnet
from fw_circuits.resnet.complexity import Bracket, Complexity
from fw_circuits.resnet.lipschitz import LipschitzCheck, verify_lipschitz
from fw_circuits.resnet.network import Block, ResNet
from fw_circuits.resnet.pruning import Pruning, prune
from fw_circuits.resnet.sensitivity import sensitivities

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
