"""Residual ReLU networks, and the exact compiler from combinations of Tetrakis functions to them."""

from fw_circuits.resnet.compiler import compile_resnet
from fw_circuits.resnet.network import Block, ResNet
from fw_circuits.resnet.pruning import Pruning, prune

__all__ = ["Block", "Pruning", "ResNet", "compile_resnet", "prune"]
