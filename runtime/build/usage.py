"""What building an artifact took, measured: CPU, wall and GPU time, peak memory, and on what machine.

Estimates of later plans rest on these facts, so they say what they were measured on.
"""

import os
import platform
import resource
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any


class Usage:
    """Measures from its making to `cost`."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), _cpu_s()

    def cost(self) -> dict[str, Any]:
        """The manifest's `cost`: seconds, and megabytes of 10^6 bytes for memory.

        `gpu_s` is wall time times the GPUs that this process held memory on, for that is what is paid for; 0 where
        CUDA was not used. `cores` are those of the machine that this process may use.
        """
        wall = time.monotonic() - self._wall
        gpus, peak, name = _cuda()
        facts = {
            "cpu_s": round(_cpu_s() - self._cpu, 3),
            "wall_s": round(wall, 3),
            "gpu_s": round(wall * gpus, 3),
            "peak_mb": round(_peak_bytes() / 1e6, 1),
            "cores": _cores(),
            "machine": machine(),
        }
        return facts | ({"gpu": name, "gpu_peak_mb": round(peak / 1e6, 1)} if gpus else {})


@cache
def machine() -> str:
    """The class of this machine: architecture and the processor's model, such as `x86_64 Intel(R) Xeon(R) 2.20GHz`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return f"{platform.machine()} {next(models, 'unknown')}".strip()[:120]


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_s() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def _peak_bytes() -> int:
    """The largest memory that this process or a child of it had resident.

    `ru_maxrss` of a process begins with what its parent had before exec, so Linux's own record is preferred.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        own = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), own)
    except (OSError, ValueError, IndexError):
        pass
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)


def _cuda() -> tuple[int, int, str]:
    """GPUs held, peak bytes on them, and their name. Looks only where torch is loaded and has started CUDA."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return 0, 0, ""
    held = [(i, torch.cuda.max_memory_reserved(i)) for i in range(torch.cuda.device_count())]
    used = [(i, peak) for i, peak in held if peak]
    return len(used), sum(peak for _, peak in used), torch.cuda.get_device_name(used[0][0]) if used else ""
