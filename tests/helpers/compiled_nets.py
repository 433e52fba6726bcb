"""Networks that are trained or compiled."""

import warnings

import numpy as np
from sklearn.neural_network import MLPRegressor

from fw_circuits.experiment import hostile_points
from fw_circuits.lattice import Lattice
from fw_circuits.resnet import compile_resnet
from fw_circuits.resnet.compile.builder import Builder, Expr
from tests.helpers.atoms import random_atom


def trained_net(sizes=(32, 32)):
    """A multilayer perceptron fitted to sin(3 x0) x1 by Adam; each layer writes to coordinates of its own."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    model = MLPRegressor(
        hidden_layer_sizes=sizes, alpha=1e-4, max_iter=300, tol=0.0, n_iter_no_change=300, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        model.fit(X, np.sin(3 * X[:, 0]) * X[:, 1])
    builder = Builder(2)
    layer = sums = [builder.input(0), builder.input(1)]
    for weights, bias in zip(model.coefs_, model.intercepts_, strict=True):
        sums = [sum((x * w for x, w in zip(layer, ws, strict=True)), Expr(const=b))
                for ws, b in zip(weights.T.tolist(), bias.tolist(), strict=True)]  # fmt: skip
        layer = [builder.relu(x) for x in sums]
    net = builder.assemble(sums)
    np.testing.assert_allclose(net.forward(X), model.predict(X), atol=1e-12)
    return net


def compiled_net(d=5, n_atoms=12, levels=(1, 2)):
    """Random atoms with coefficients of sum 1."""
    rng = np.random.default_rng(0)
    lattice = Lattice(d, levels, ((0.0, 1.0),) * d)
    atoms = [random_atom(rng, lattice, int(rng.choice(levels)), max_inputs=4, max_gates=3) for _ in range(n_atoms)]
    return compile_resnet(atoms, rng.dirichlet(np.ones(n_atoms)), 0.0, lattice)


def compiled_net_and_points(seed, d=5):
    """Six random atoms on three levels, fitted to random columns; adversarial points for them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, d))
    lattice = Lattice.fit(X, levels=[1, 2, 3])
    atoms = [random_atom(rng, lattice, level, max_inputs=6) for level in (1, 2, 3) * 2]
    net = compile_resnet(atoms, rng.normal(size=len(atoms)), rng.normal(), lattice)
    return net, hostile_points(lattice, X, 500, seed)
