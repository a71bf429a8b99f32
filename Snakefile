# The compiler decides what is missing; Snakemake runs it. Everything else is in compiler/ and rules/.
import os
import sys
from pathlib import Path

sys.path.insert(0, os.getcwd())

from compiler.run.frozen_plan import FrozenPlan
from compiler.run.warm import Warm
from compiler.run.workflow import compile_study, finish

PYTHON = sys.executable
# A run starts many short Pythons; without cached bytecode each compiles its libraries again (2 CPU-s a job).
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if workflow.is_main_process:
    os.environ["SIMKILN_PLAN"] = compile_study(str(config.get("study", "study")))


envvars:
    "SIMKILN_PLAN",


PLAN = FrozenPlan(Path(os.environ["SIMKILN_PLAN"]))
WARM = Warm(PLAN, PYTHON, lambda: workflow.is_main_process and workflow.local_exec and not workflow.dryrun)


rule all:
    input:
        lambda w: PLAN.targets(workflow.touch),
        # With nothing missing, `snakemake --report FILE.html` holds the finished page; no job makes or deletes it.
        [report(page, caption=PLAN.caption, category="Study") for page in PLAN.pages()],


include: PLAN.rules


onsuccess:
    finish(PLAN)
