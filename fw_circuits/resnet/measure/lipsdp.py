"""Diagonal LipSDP: the l2 diagonals of small networks by semidefinite programming (theory, section 7).

Let two streams differ by d, and what the neurons of block m emit by u.  A slope in [0, 1] means
``u' T (V d - u) >= 0`` for every diagonal T >= 0 (M. Fazlyab et al., 2019; diagonal multipliers are sound).  So

    |C d_L|^2 - d_l' D^2 d_l + sum_m 2 u_m' T_m (V_m d_(m-1) - u_m) <= 0   for all d_l, u_(l+1), ..., u_L,

where ``d_m = d_(m-1) + W_m u_m``, proves ``|f(alpha) - f(beta)| <= |D (alpha - beta)|_2``.  For the solver this one
large matrix inequality becomes a small one per block, by quadratic value functions ``d' P_m d`` from ``P_L = C' C`` to
``P_l = D^2`` (original to this package, and equivalent: the sum over blocks telescopes, and for fixed T the largest
value is quadratic).

The units of coordinates and neurons are free: ``V S``, ``S^-1 W`` and ``C S`` are the same network with D S in place of
D, and a relu's factor can go from V to W.  The program is solved in units in which affine bounds on the derivative are
about 1 and V and W of each neuron about equally large, so that the weights' scale does not matter; the factors are
powers of 2, so that what is certified of the one network holds for the other without rounding.

The solver works to a tolerance only.  It is therefore asked to stay a little inside, and its D is raised until the
large matrix is negative definite with room for the rounding of its eigenvalues; an answer for which that fails is
refused.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from fw_circuits._typing import Floats
from fw_circuits.exceptions import InputError
from fw_circuits.resnet.measure.enclosure import EPS
from fw_circuits.resnet.measure.sensitivity import backward_steps, derivative_bounds
from fw_circuits.resnet.network import Block, ResNet

#: Iterations of the solver, and how far inside the cone it is asked to stay, on the scale of ``C' C``.
MAX_ITERATIONS, INSIDE = 100, 1e-6
#: By how much the squares of its answer are raised in turn, relative to the largest one.
MARGINS = tuple(10.0**-e for e in range(9, 2, -1))
#: Beyond these sizes the program takes minutes.
MAX_WIDTH, MAX_NEURONS, MAX_BLOCKS = 16, 16, 6


def is_small(resnet: ResNet) -> bool:
    """Whether the program is for this network."""
    return resnet.width <= MAX_WIDTH and _most_neurons(resnet) <= MAX_NEURONS and resnet.depth <= MAX_BLOCKS


def check_size(resnet: ResNet) -> None:
    """Raise InputError if the program is not for this network."""
    if not is_small(resnet):
        raise InputError(
            f"the semidefinite program is for width <= {MAX_WIDTH}, {MAX_NEURONS} neurons per block and "
            f"{MAX_BLOCKS} blocks; this network has width {resnet.width}, at most {_most_neurons(resnet)} neurons "
            f"per block and {resnet.depth} blocks; use method='affine'."
        )


def _most_neurons(resnet: ResNet) -> int:
    return max((block.n_neurons for block in resnet.blocks), default=0)


class _Form:
    """The quadratic form of one level: maps from (d_l, u_(l+1), ..., u_L) to what enters it."""

    def __init__(self, resnet: ResNet, level: int) -> None:
        blocks = resnet.blocks[level:]
        width = resnet.width
        size = width + sum(block.n_neurons for block in blocks)
        d, at = np.eye(width, size), width
        reads, emits = [], []
        for block in blocks:
            u = np.eye(block.n_neurons, size, at)
            reads.append(block.V.toarray() @ d)
            emits.append(u)
            d = d + block.W.toarray() @ u
            at += block.n_neurons
        self.width, self.size = width, size
        self.read, self.emit = np.concatenate(reads), np.concatenate(emits)
        output = resnet.C.toarray() @ d
        self.output = output.T @ output

    def matrix(self, squares: Floats, multipliers: Floats) -> Floats:
        """The symmetric matrix that must be negative semidefinite."""
        cross = self.emit.T @ (multipliers[:, None] * self.read)
        M: Floats = self.output + cross + cross.T - 2.0 * self.emit.T @ (multipliers[:, None] * self.emit)
        M[: self.width, : self.width] -= np.diag(squares)
        return M


def sdp_diagonal(resnet: ResNet, level: int, weights: Floats) -> Floats | None:
    """A certified l2 diagonal D_level, nearly least ``sum weights * D^2``; None if the solver does not finish.

    The level is below L, as D_L needs no program; the weights, (width,), are positive.
    """
    import cvxpy as cp

    check_size(resnet)
    resnet, units = balanced(resnet, level)
    weights = weights / weights.max() / units**2
    squares = cp.Variable(resnet.width, nonneg=True)
    solved = _solve(resnet, level, cp.diag(squares), (weights / weights.max()) @ squares)
    if solved is None or squares.value is None:
        return None
    scale, multipliers = solved
    found = _move_inside(_Form(resnet, level), np.maximum(squares.value, 0.0) * scale, multipliers)
    return None if found is None else found / units


def certified_factor(resnet: ResNet, level: int, D: Floats) -> float:
    """The least factor t found with ``|J (t D)^-1|_2 <= 1`` certified for all streams; infinity if none is."""
    import cvxpy as cp

    check_size(resnet)
    resnet, units = balanced(resnet, level)
    D = D * units
    top = float(D.max(initial=0.0))
    if top == 0.0:
        return np.inf
    square = cp.Variable(nonneg=True)
    solved = _solve(resnet, level, square * np.diag((D / top) ** 2), square)
    if solved is None or square.value is None:
        return np.inf
    scale, multipliers = solved
    found = _move_inside(_Form(resnet, level), float(square.value) * scale * (D / top) ** 2, multipliers)
    if found is None:
        return np.inf
    return float(np.max(np.divide(found, D, out=np.where(found > 0.0, np.inf, 0.0), where=D > 0.0)))


def balanced(resnet: ResNet, level: int) -> tuple[ResNet, Floats]:
    """The network from ``level`` on in the units of the module's text, and what a unit of each coordinate is."""
    bound = np.sqrt(np.sum(derivative_bounds(resnet, backward_steps(resnet))[level] ** 2, axis=0))
    units = _powers(1.0 / np.where(bound > 0.0, bound, 1.0))
    S, inverse = sp.diags_array(units), sp.diags_array(1.0 / units)
    blocks = []
    for block in resnet.blocks:
        V, W = block.V @ S, inverse @ block.W
        reads, writes = (np.abs(M).max(axis=axis).toarray().ravel() for M, axis in ((V, 1), (W, 0)))
        known = (reads > 0.0) & (writes > 0.0)
        neurons = _powers(np.sqrt(np.where(known, writes, 1.0)) / np.sqrt(np.where(known, reads, 1.0)))
        blocks.append(Block(sp.diags_array(neurons) @ V, block.b, W @ sp.diags_array(1.0 / neurons)))
    return ResNet(resnet.A, resnet.a, tuple(blocks), resnet.C @ S, resnet.c), units


def _powers(factors: Floats) -> Floats:
    """The powers of 2 nearest to these positive numbers, within 2^-256 and 2^256."""
    with np.errstate(divide="ignore"):
        return np.exp2(np.clip(np.round(np.log2(factors)), -256, 256))


def _solve(resnet: ResNet, level: int, first: Any, objective: Any) -> tuple[float, Floats] | None:
    """Minimise over value functions and multipliers; the scale of the problem, and T, or None."""
    import cvxpy as cp

    C, width = resnet.C.toarray(), resnet.width
    scale = max(float(np.abs(C.T @ C).max()), 1e-300)
    P, constraints, multipliers = first, [], []
    for m in range(level, resnet.depth):
        V, W = resnet.blocks[m].V.toarray(), resnet.blocks[m].W.toarray()
        last = m + 1 == resnet.depth
        after = C.T @ C / scale if last else cp.Variable((width, width), symmetric=True)
        T = cp.Variable(len(V), nonneg=True)
        side = after @ W + V.T @ cp.diag(T)
        M = cp.bmat([[after - P, side], [side.T, W.T @ after @ W - 2 * cp.diag(T)]])
        constraints.append(0.5 * (M + M.T) << -INSIDE * np.eye(width + len(V)))
        multipliers.append(T)
        P = after
    problem = cp.Problem(cp.Minimize(objective), constraints)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate answer is checked below
            problem.solve(solver=cp.CLARABEL, max_iter=MAX_ITERATIONS)
    except cp.error.SolverError:
        return None
    if problem.status not in ("optimal", "optimal_inaccurate"):
        return None
    return scale, np.maximum(np.concatenate([T.value for T in multipliers]), 0.0) * scale


def _move_inside(form: _Form, squares: Floats, multipliers: Floats) -> Floats | None:
    """D, slightly above the square roots of ``squares``, for which the form is certainly negative semidefinite."""
    if not (np.all(np.isfinite(squares)) and np.all(np.isfinite(multipliers))):
        return None
    magnitude = float(squares.max() + np.abs(form.output).max())
    for margin in MARGINS:
        raised = squares * (1.0 + margin) + margin * magnitude
        if is_negative(form.matrix(raised, multipliers)):
            return np.sqrt(raised) * (1.0 + 1e-12)
    return None


def is_negative(M: Floats) -> bool:
    """Whether a symmetric matrix is negative definite, with room for its own rounding and its eigenvalues'."""
    room = 64.0 * len(M) * EPS * float(np.abs(M).sum(axis=1).max())
    return bool(np.linalg.eigvalsh(M)[-1] < -room)
