"""Measure networks: enclosures, sensitivities, Lipschitz constants, the complexity R(theta), and pruning."""
