"""Fuzzing and faults: ``python -m tests.stress --list`` names the parts; `tests/test_stress.py` runs short versions."""
