"""What building takes is measured, and on a GPU only where CUDA is used."""

import subprocess
import sys
import time
import types

import pytest

from runtime.build.usage import Usage, machine
from tests import REPOSITORY


def test_cpu_wall_and_memory() -> None:
    program = (
        "from runtime.build.usage import Usage; import time; u = Usage(); a = bytearray(300_000_000)\n"
        "t = time.process_time()\n"
        "while time.process_time() < t + 0.3: pass\n"
        "c = u.cost(); print(c['cpu_s'], c['wall_s'], c['peak_mb'], c['gpu_s'], c['cores'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    cpu, wall, peak, gpu, cores = map(float, done.stdout.split())
    assert 0.3 <= cpu <= 3
    assert wall >= 0.3
    assert 300 <= peak <= 400
    assert gpu == 0
    assert cores >= 1


def test_memory_of_a_child_counts() -> None:
    program = (
        "import subprocess, sys; from runtime.build.usage import Usage; u = Usage()\n"
        "subprocess.run([sys.executable, '-c', 'a = bytearray(300_000_000)'], check=True); print(u.cost()['peak_mb'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert float(done.stdout) >= 300


def test_gpu_time_is_wall_time_on_each_gpu_that_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    reserved = {0: 0, 1: 2_000_000, 2: 3_000_000}
    cuda = types.SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 3,
        max_memory_reserved=reserved.get,
        get_device_name=lambda i: f"GPU {i}",
    )
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    usage = Usage()
    time.sleep(0.05)
    cost = usage.cost()
    assert cost["gpu_s"] == pytest.approx(2 * cost["wall_s"], abs=0.002)
    assert (cost["gpu"], cost["gpu_peak_mb"]) == ("GPU 1", 5.0)
    cuda.is_initialized = lambda: False
    assert usage.cost()["gpu_s"] == 0


def test_the_machine_has_a_name() -> None:
    assert len(machine().split()) >= 2
