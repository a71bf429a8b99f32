"""Where an artifact was built, as its manifest records it: interpreter, platform, processor, versions of libraries.

Nothing is imported for it: versions are those of installed metadata, and what a library decides when it starts is recorded
only where it has started.
"""

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

from runtime.libraries import installed

LIBRARIES = (
    "numpy numba llvmlite torch torchvision mujoco lerobot pycolmap scipy av pyarrow pillow opencv-python-headless".split()
)
"""Those that compute what artifacts hold."""
FEATURES = (
    "sse4_1 sse4_2 avx avx2 fma f16c bmi2 avx512f avx512bw avx512dq avx512vl avx512_bf16 avx512_vnni amx_tile asimd sve".split()
)
"""Instructions that change in which order numbers are added and rounded."""
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def environment() -> dict[str, Any]:
    """The manifest's `environment`."""
    return {**_fixed(), "threads": {name: os.environ[name] for name in VARIABLES if name in os.environ}, **_numba()}


@cache
def _fixed() -> dict[str, Any]:
    versions = {name: found for name in LIBRARIES if (found := installed(name)) is not None}
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{sys.platform} {platform.machine()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu_features": _features(),
        "libraries": versions,
    }


def _features() -> list[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = next((line.partition(":")[2].split() for line in lines if line.lower().startswith(("flags", "features"))), [])
    return [name for name in FEATURES if name in found]


def _numba() -> dict[str, str]:
    """For which processor numba compiles, where it has started."""
    module: Any = sys.modules.get("numba")
    if module is None:
        return {}
    from numba.core.registry import cpu_target

    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    return {"numba_cpu": name, "numba_features": features}
