"""Checking specs starts fast and needs nothing heavy."""

import subprocess
import sys

from tests import REPOSITORY

HEAVY = ("torch", "mujoco", "numba", "lerobot", "numpy", "pycolmap", "scipy", "pyarrow", "PIL", "pandas", "snakemake")
PROGRAM = """
import sys, time
from pathlib import Path
import compiler
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.schema import schemas
check(load_project(Path('.')))
check(load_project(Path('.')), 'study')
schemas()
print(*sorted(set(sys.modules) & set(%r)), sep=',')
"""


def test_check_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM % (HEAVY,)], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from compiler.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_what_a_light_install_lacks_is_named() -> None:
    words = ["trials", "sim-real", "study"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYARROW, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("simkiln: this needs `pyarrow`, which is not installed")
