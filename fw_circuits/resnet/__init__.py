"""Residual ReLU networks, and the exact compiler from combinations of Tetrakis functions to them."""

from fw_circuits.resnet.compiler import compile_resnet
from fw_circuits.resnet.network import Block, ResNet

__all__ = ["Block", "ResNet", "compile_resnet"]
