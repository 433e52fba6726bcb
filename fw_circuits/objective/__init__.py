"""What is minimised: a smooth mean loss, and the three ways of setting it against the norm of the solution."""

from fw_circuits.objective.base import Loss
from fw_circuits.objective.floor import least_loss
from fw_circuits.objective.forms import Constrained, ErrorBound, Form, Penalised, make_form
from fw_circuits.objective.losses import LOSSES, Huber, Logistic, Squared, find_loss, make_loss
from fw_circuits.objective.multinomial import Multinomial

__all__ = [
    "LOSSES",
    "Constrained",
    "ErrorBound",
    "Form",
    "Huber",
    "Logistic",
    "Loss",
    "Multinomial",
    "Penalised",
    "Squared",
    "find_loss",
    "least_loss",
    "make_form",
    "make_loss",
]
