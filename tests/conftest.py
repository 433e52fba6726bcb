"""Settings of the whole suite, and the fixtures that every folder uses."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Under continuous integration hypothesis draws the same examples every time.  A fixture that selects the kernels is
# the same for all examples of a test, so it need not be made anew for each.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("ci", derandomize=True, print_blob=True, **COMMON)
settings.register_profile("here", **COMMON)
settings.load_profile("ci" if os.environ.get("CI") else "here")

#: Scripts, run by hand and by tests/project/test_stress.py.
collect_ignore = ["stress"]


@pytest.fixture(params=["compiled", "python"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with the compiled kernels and with their NumPy references."""
    monkeypatch.setenv("FW_CIRCUITS_KERNELS", request.param)
    return str(request.param)
