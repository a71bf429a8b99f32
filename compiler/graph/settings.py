"""Specs -> the parameters of a stage at a scope: layers merged, bound values filled in, equal ones validated once."""

from dataclasses import replace
from typing import Any

from compiler.graph.bindings import BINDINGS
from compiler.graph.fingerprint import addressed, head
from compiler.graph.grid import Grid
from compiler.graph.node import Scope, Setting, Stops
from compiler.project.project import Project
from runtime.contract import Contract
from runtime.stage import Stage


class Settings(Grid):
    """The settings of one study, over its grid."""

    def __init__(self, project: Project, study: str, stopped: Stops | None = None) -> None:
        super().__init__(project, study, stopped)
        self._made: dict[tuple[Any, ...], Setting] = {}
        self._wanted: dict[Contract, Contract] = {}

    def of(self, stage: Stage, scope: Scope) -> Setting:
        """The setting of a stage's node.

        Raises:
            pydantic.ValidationError: when merged parameters are not valid.
        """
        values, text = self.merged(stage.name, scope)
        bound = [(name, BINDINGS[source]) for name, source in stage.bound.items()]
        key = (stage.name, text, *[one.key(self, scope) for _, one in bound if one.key is not None])
        found = self._made.get(key)
        if found is None:
            model = stage.params.model_validate({**values, **{name: one.value(self, scope) for name, one in bound}})
            wanted = {port: self._wanted.setdefault(facts, facts) for port, facts in stage.expects(model).items()}
            params = model.model_dump(mode="json")
            counted, identity, other = addressed(model, params), self.identities.of(stage), self.identities.built(stage)
            found = Setting(stage, identity, model, params, head(stage.name, identity.text, counted), wanted)
            if other is not None:
                found = replace(found, built=replace(found, identity=other, text=head(stage.name, other.text, counted)))
            self._made[key] = found
        return found

    def is_local(self, stage: Stage, scope: Scope) -> bool:
        """Whether something is bound that belongs to the scope's location alone."""
        local = [BINDINGS[source] for source in stage.bound.values() if BINDINGS[source].local]
        return any(one.key is not None and one.key(self, scope) == scope.location for one in local)
