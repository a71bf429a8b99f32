"""JSON Schemas for editors, generated from the models; a stage's parameters come from the stage itself."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from compiler.plan.form import AgainstForm, PlanForm
from compiler.project.project import MODELS
from compiler.shape.documented import Documented
from compiler.shape.sections import overrides_of
from runtime.bound.trial_mapping import TrialMapping
from runtime.report.forms.report import Report
from runtime.stage import Stage, load_stages

MARKS = ("bound", "fact", "budget")
"""What stages say of their fields for the compiler alone: see `runtime.stage.marked_fields`."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Kind of spec -> its JSON Schema."""
    return {kind: schema_of(kind) for kind in MODELS}


def forms() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of what verbs print and reports hold, and of the mapping that one of them reads."""
    mapping = TrialMapping.model_json_schema(schema_generator=Documented, ref_template="#/$defs/{model}")
    found = {"trial_mapping": _tidy({"$schema": DIALECT, "title": "trial mapping"} | mapping | {"title": "trial mapping"})}
    for name, model in (("plan", PlanForm), ("against", AgainstForm), ("report", Report)):
        form = TypeAdapter(model).json_schema(ref_template="#/$defs/{model}", mode="serialization", schema_generator=Documented)
        found[name] = _tidy({"$schema": DIALECT, "title": name} | {k: v for k, v in form.items() if k != "title"})
    return found


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of spec, with the `stages:` and `inputs:` sections spelt out."""
    schema = MODELS[kind].model_json_schema(schema_generator=Documented, ref_template="#/$defs/{model}")
    definitions = schema.setdefault("$defs", {})
    members = _members(schema)
    for form in members or [schema]:
        properties = form["properties"]
        if "stages" in properties:
            properties["stages"] = _sections(properties["stages"], definitions)
        if "stages" in properties and members:  # all share one
            definitions["stages"], properties["stages"] = properties["stages"], {"$ref": "#/$defs/stages"}
        if "inputs" in properties:
            properties["inputs"] = _inputs(properties["inputs"])
    if "#/$defs/JsonValue" not in json.dumps(schema):  # a control's `stages` are not spelt out
        definitions.pop("JsonValue", None)
    head = {"$schema": DIALECT, "title": kind}
    return _tidy(head | {k: v for k, v in schema.items() if k != "title"})


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of a union that a tag tells apart; empty where the schema is none."""
    references = schema.get("discriminator", {}).get("mapping", {}).values()
    return [schema["$defs"][reference.rpartition("/")[2]] for reference in references]


def write_schemas(folder: Path) -> list[Path]:
    """Write `KIND.schema.json` for every kind of spec and every form; returns the files whose content changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for kind, schema in (schemas() | forms()).items():
        path, text = folder / f"{kind}.schema.json", render(schema)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def render(schema: dict[str, Any]) -> str:
    """The text of a schema file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _sections(section: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    stages = {}
    for stage in _sorted_stages():
        template = f"#/$defs/{stage.name}.{{model}}"
        parameters = overrides_of(stage.params).model_json_schema(schema_generator=Documented, ref_template=template)
        for name, definition in parameters.pop("$defs", {}).items():
            definitions[f"{stage.name}.{name}"] = definition
        parameters["description"] = stage.doc.split("\n\n")[0].replace("\n", " ")
        stages[stage.name] = parameters
    return {"type": "object", "description": section.get("description", ""), "properties": stages, "additionalProperties": False}


def _inputs(section: dict[str, Any]) -> dict[str, Any]:
    stages = {}
    for stage in _sorted_stages():
        ports = {}
        for port in stage.ports:
            makers = [s.name for s in _sorted_stages() if s.kind == port.kind]
            ports[port.name] = {"enum": makers} if makers else {"type": "string"}
        if ports:
            stages[stage.name] = {"type": "object", "properties": ports, "additionalProperties": False}
    return {"type": "object", "description": section.get("description", ""), "properties": stages, "additionalProperties": False}


def _sorted_stages() -> list[Stage]:
    return [stage for _, stage in sorted(load_stages().items())]


def _tidy(value: Any) -> Any:
    """Without the titles that pydantic derives from names, and defaults that no file can hold."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed = {"additionalProperties": False} if "patternProperties" in value else {}
    return closed | {
        key: {name: _tidy(part) for name, part in item.items()} if key in ("properties", "$defs") else _tidy(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str) and "$schema" not in value) and key not in MARKS
    }
