"""Settings of the whole suite: under continuous integration hypothesis draws the same examples every time."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

#: Scripts, run by hand and by tests/test_stress.py.
collect_ignore = ["stress"]
