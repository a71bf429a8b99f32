"""A real Slurm of one node: munged, slurmctld and slurmd from the system's packages, in a folder, on free ports."""

import getpass
import os
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.loop.processes import until

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun")
SLURM_CONF = """\
ClusterName=kiln
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,bf_interval=3
GresTypes=gpu
MailProg=/bin/true
MinJobAge=300
KillWait=2
ReturnToService=2
NodeName=kiln NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=kiln Default=YES MaxTime=INFINITE OverSubscribe=NO State=UP
"""


def missing_programs() -> list[str]:
    """What has to be installed before a cluster can be started."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [name for name in DAEMONS if shutil.which(name, path=path) is None]


class Cluster:
    """A running cluster; its commands need `environment`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        path = f"{root / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin"
        self.environment = {**os.environ, "SLURM_CONF": str(root / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """Output of a Slurm command."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=30)
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Every job that the controller remembers, as `scontrol show job` tells."""
        lines = [line for line in self.ask("scontrol", "show", "job", "--oneliner").splitlines() if "JobId=" in line]
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]


@contextmanager
def cluster() -> Generator[Cluster]:
    """Start the daemons, wait until the node takes jobs, and stop them whatever happens.

    Raises:
        RuntimeError: when the node does not come up; with the ends of the daemons' logs.
    """
    with ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="kiln-slurm-"))  # a short path: a socket's has at most 107 characters
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        _write(root)
        made = Cluster(root)
        kinds = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        munge = [f"--{option}={root}/munge.{ending}" for option, ending in kinds.items()]
        for command in (
            ["munged", "--foreground", "--force", *munge],
            ["slurmctld", "-D", "-c", "-f", str(root / "slurm.conf")],
            ["slurmd", "-D", "-N", "kiln", "-f", str(root / "slurm.conf")],
        ):
            output = stack.enter_context((root / f"{command[0]}.out").open("w"))
            daemon = subprocess.Popen(command, env=made.environment, stdout=output, stderr=output, start_new_session=True)
            stack.callback(_stop, daemon)
            if command[0] == "munged":
                until(lambda: (root / "munge.socket").exists(), 10)
        stack.callback(made.ask, "scancel", "--user", getpass.getuser())
        if not until(lambda: "idle" in made.ask("sinfo", "--noheader", "--format=%t"), 30):
            logs = [f"{log.name}:\n{log.read_text(errors='replace')[-1500:]}" for log in root.glob("*.log")]
            raise RuntimeError("the node did not come up\n" + "\n".join(logs))
        yield made


def _write(root: Path) -> None:
    for name in ("state", "spool", "bin"):
        (root / name).mkdir()
    # The plugin calls srun without SLURM_CONF, as a real cluster has its file in /etc.
    srun = root / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={root}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    root.chmod(0o755)
    host = platform.node().split(".")[0]
    values = {"root": root, "host": host, "user": getpass.getuser(), "controller_port": _port(), "node_port": _port()}
    (root / "slurm.conf").write_text(SLURM_CONF.format(**values))
    (root / "gres.conf").write_text("AutoDetect=off\nNodeName=kiln Name=gpu File=/dev/zero\n")
    (root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    (root / "munge.key").write_bytes(os.urandom(128))
    (root / "munge.key").chmod(0o400)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _stop(daemon: subprocess.Popen) -> None:
    daemon.terminate()
    try:
        daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
