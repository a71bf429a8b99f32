"""The base project of the diagnostics' tests with everything in its store, and a git history."""

import subprocess
from pathlib import Path

from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.project.load import load_project
from tests.compiler.published import publish
from tests.errors.cases import base


class Built:
    """A project in a folder; `publish` fills its store with small fake content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        base().write(root)

    def write(self, name: str, text: str) -> None:
        """Write a spec below `specs/`."""
        path = self.root / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a spec; it must be there."""
        path = self.root / "specs" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def nodes(self, study: str = "study") -> dict[str, Node]:
        """The study's nodes by label."""
        return {node.label: node for node in expand(load_project(self.root), study).nodes.values()}

    def publish(self, *stages: str) -> None:
        """Publish every node of the study, or those of some stages."""
        project = load_project(self.root)
        for node in expand(project, "study").nodes.values():
            if not stages or node.stage.name in stages:
                publish(project, node)

    def commit(self) -> None:
        """Commit the specs; the first time, make the repository."""
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "specs")
        self.git("commit", "-qm", "specs")

    def git(self, *words: str) -> None:
        """Run git in the project."""
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True)
