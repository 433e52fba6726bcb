"""Build the compiled kernels: one extension for each ``fw_circuits/_kernels/_NAME.pyx`` with ``csrc/NAME/*.c``.

All other settings live in ``pyproject.toml``.  No ``-march=native``: the C files select AVX2 or AVX-512 code at
run time (``csrc/simd.h``), so a wheel runs on any CPU of its architecture.  ``FW_CIRCUITS_DEBUG=1`` builds
with bounds checks and without optimisation.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

DEBUG = os.environ.get("FW_CIRCUITS_DEBUG", "") not in ("", "0")


class BuildExt(build_ext):
    """Add OpenMP where a small program compiles and links with it; the kernels are serial otherwise."""

    def build_extensions(self):
        if self.has_openmp():
            for ext in self.extensions:
                ext.extra_compile_args.append("-fopenmp")
                ext.extra_link_args.append("-fopenmp")
        else:
            print("fw_circuits: no OpenMP found; the kernels run on one thread")
        super().build_extensions()

    def has_openmp(self):
        source = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.c"
            path.write_text(source)
            try:
                objects = self.compiler.compile([str(path)], folder, extra_postargs=["-fopenmp"])
                self.compiler.link_executable(objects, "probe", folder, extra_postargs=["-fopenmp"])
            except Exception:
                return False
        return True


def extensions():
    for pyx in sorted(Path("fw_circuits/_kernels").glob("_*.pyx")):
        folder = Path("csrc") / pyx.stem.removeprefix("_")
        yield Extension(
            f"fw_circuits._kernels.{pyx.stem}",
            [str(pyx), *map(str, sorted(folder.glob("*.c")))],
            include_dirs=["csrc", np.get_include()],
            depends=[*map(str, sorted(Path("csrc").rglob("*.h")))],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
            extra_compile_args=["-std=c11", "-O0" if DEBUG else "-O3", "-fno-math-errno", "-Wno-psabi"],
        )


directives = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": DEBUG,
}

setup(
    ext_modules=cythonize(list(extensions()), build_dir="build/cython", compiler_directives=directives),
    cmdclass={"build_ext": BuildExt},
)
