"""The Kubernetes profile through the real plugin; the cluster behind it is a stand-in that starts pods as processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.loop.kubernetes_api import Cluster, cluster
from tests.loop.plugins import needs_plugin
from tests.loop.processes import jobs_of, until
from tests.loop.project import REPOSITORY
from tests.loop.tiny import tiny_project, tiny_study

pytestmark = [
    pytest.mark.slow,
    needs_plugin("kubernetes"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed"),
]


def test_jobs_become_pods_with_the_claim_and_a_lost_pod_is_replaced(tmp_path: Path) -> None:
    for name in ("pods", "bin", "project"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin" / "pip").write_text("#!/bin/sh\n")  # the plugin's pods install storage plugins; nothing to do
    (tmp_path / "bin" / "pip").chmod(0o755)
    project = tiny_project(tmp_path / "project")
    project.write("study", tiny_study("first"))
    image = {
        "PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--profile",
        "profiles/kubernetes",
        "--container-image",
        "example/simkiln",
        "--kubernetes-persistent-volumes",
        f"simkiln:{project.root}",
        "--directory",
        str(project.root),
        "--default-storage-prefix",
        f"{project.root}/build/shared",
        "--set-resources",
        "splat:gpu=1",
        "--seconds-between-status-checks",
        "1",
    ]
    with cluster(tmp_path / "pods", image) as (made, settings), (tmp_path / "output").open("w") as output:
        environment = {**project.environment(), "KUBECONFIG": str(settings)}
        snakemake = subprocess.Popen(command, cwd=project.root, env=environment, stdout=output, stderr=output)
        try:
            assert until(lambda: made.pods, 60), (tmp_path / "output").read_text()
            next(iter(made.pods.values())).kill()
            assert snakemake.wait(240) == 0, (tmp_path / "output").read_text()[-4000:]
        finally:
            snakemake.kill()
            snakemake.wait()
    assert project.verify() == 3
    assert project.to_build() == set()
    assert jobs_of(project.root) == []
    check_specs(made, project.root)


def check_specs(made: Cluster, root: Path) -> None:
    """Four pods (the first capture was lost; the last makes the page), each with the claim, its memory and its GPUs."""
    pods = [job["spec"]["template"]["spec"] for job in made.jobs.values()]
    containers: list[dict[str, Any]] = [pod["containers"][0] for pod in pods]
    assert ["capture:" in c["args"][1] for c in containers] == [True, True, False, False]
    for pod, container in zip(pods, containers, strict=True):
        assert pod["restartPolicy"] == "Never"
        assert {"name": "simkiln", "persistentVolumeClaim": {"claimName": "simkiln"}} in pod["volumes"]
        assert {"name": "simkiln", "mountPath": str(root)} in container["volumeMounts"]
        assert container["image"] == "example/simkiln"
        assert container["resources"]["limits"]["cpu"] == "1000m"
    assert [c["resources"]["limits"]["memory"] for c in containers[:3]] == ["1000M", "2000M", "1000M"], "more at the next attempt"
    assert [c["resources"]["limits"]["nvidia.com/gpu"] for c in containers] == ["0", "0", "1", "0"]
