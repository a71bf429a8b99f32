"""Write a new location, task, approach, gate or study, by questions or flags; it is valid at once."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Diagnostic
    from compiler.new.field import Field
    from compiler.new.from_dataset import Told
    from compiler.project.project import Project

BOM = b"\xef\xbb\xbf"

ALIKE = ("X450", "X453")
"""What a draft of an approach or a task may still say of itself: that it changes nothing yet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """One word for the kind, the id, and a flag for each question."""
    from compiler.new.kinds import FIELDS

    kinds = parser.add_subparsers(required=True, metavar="KIND", dest="kind_of_spec")
    for kind, fields in FIELDS.items():
        one = kinds.add_parser(kind, help=f"a new {kind}")
        one.add_argument("id", nargs="?", help="its id: lowercase letters, digits and hyphens")
        for field in fields:
            more: dict[str, Any] = {"action": "append"} if field.many else {}
            one.add_argument(f"--{field.name}", dest=f"field:{field.name}", help=field.question, metavar="X", **more)
        if kind != "study":
            one.add_argument("--add-to", metavar="STUDY", help="also list it in this study; comments are kept")
        if kind == "location":
            told = "write what this LeRobotDataset tells as the location's `data`, and a task of the same id"
            one.add_argument("--from-dataset", metavar="ROOT/PATH", help=told)
            one.add_argument("--task-kind", metavar="KIND", default="press_button", help="kind of that task")
        if kind == "study":
            one.add_argument("--from", dest="form", choices=["template"], help="write it by the six headings of the playbook")
            one.add_argument("--phase", type=int, choices=[1, 2, 3], help="the playbook's phase that it is of (1)")
        one.add_argument("--dry-run", action="store_true", help="print the text, write nothing")
        one.add_argument("--defaults", action="store_true", help="ask nothing, also on a terminal")


def run(args: argparse.Namespace) -> int:
    """0 when the spec is written, or printed with `--dry-run`."""
    from compiler.new import draft
    from compiler.verbs.common import show

    kind, asks = args.kind_of_spec, sys.stdin.isatty() and not args.defaults
    project, given, phase = _project(args), _given(args), _phase(args)
    if phase is not None:
        from compiler.new.phases import first_answers

        given = first_answers(project) | given
    name = _id(project, kind, args.id, asks)
    _answer(project, kind, name, given, asks)
    text = draft.render(kind, name, draft.completed(project, kind, name, given), phase)
    task = ""
    if told := _told(project, args):
        text += told.lines
        draft.vacant(project, "task", name)
        said = {"title": given.get("title"), "kind": args.task_kind, "instruction": told.instruction}
        answers = draft.completed(project, "task", name, {key: value for key, value in said.items() if value})
        task = draft.render("task", name, answers)
        if wrong := [d for d in draft.judge(project, "task", name, task)[1] if d.severity == "error"]:
            raise ValueError(f"no task can be made of the dataset: {wrong[0].message}; {wrong[0].help}")
    source, found = draft.judge(project, kind, name, text)
    after = draft.with_spec(project, kind, name, source)
    study, edited = None, b""
    if not any(d.severity == "error" for d in found) and (wanted := getattr(args, "add_to", None)) is not None:
        study, edited, found = _member(after, kind, name, wanted)
    alike = [d for d in found if kind in ("approach", "task") and d.code in ALIKE]
    found = [d for d in found if d not in alike]
    if any(d.severity == "error" for d in found):
        show(after, found)
        sys.stderr.write(f"`{source.name}` was not written\n")
        return 1
    if args.dry_run:
        print(text + (f"--- # {name}, the task\n{task}" if task else ""), end="")
        if study is not None:
            sys.stderr.write(f"`{name}` would be added to `{study.relative_to(project.root)}`\n")
        return 0
    print(os.path.relpath(draft.write(project, kind, name, text)))
    if task:
        print(os.path.relpath(draft.write(project, "task", name, task)))
        sys.stderr.write(
            "look at each line of both: units and the kind of task are guesses; docs/own-robot.md says what shows which\n"
        )
    if study is not None:
        temporary = study.with_name(f".{study.name}.{os.urandom(4).hex()}")
        temporary.write_bytes(edited)
        temporary.replace(study)
        print(os.path.relpath(study))
    for each in alike:
        sys.stderr.write(f"{each.message}: {each.help}\n")
    return 0


def _project(args: argparse.Namespace) -> "Project":
    """The project here. A location's `--root` may name a root, or say with NAME=DIR where it is as well."""
    from compiler.plan.study import open_project
    from compiler.project.roots import parse_roots

    root = getattr(args, "field:root", None) or ""
    roots = parse_roots([root] if "=" in root else [])
    if roots:
        setattr(args, "field:root", root.partition("=")[0])
    if not (Path.cwd() / "specs").is_dir():
        raise ValueError("there is no project here: call simkiln in a folder that holds `specs/`")
    return open_project(Path.cwd(), roots)


def _phase(args: argparse.Namespace) -> int | None:
    """The phase of a study that is written by the template; None where it is not asked for."""
    form, phase = getattr(args, "form", None), getattr(args, "phase", None)
    if form is None and phase is not None:
        raise ValueError("`--phase` belongs to `--from template`")
    return None if form is None else phase or 1


def _told(project: "Project", args: argparse.Namespace) -> "Told | None":
    """What the dataset of `--from-dataset` tells, where one is named."""
    given = getattr(args, "from_dataset", None)
    if given is None:
        return None
    from compiler.new.from_dataset import told_by

    root, slash, path = given.partition("/")
    if not (root and slash and path.strip("/")):
        raise ValueError(f"`{given}` is not of the form ROOT/PATH")
    return told_by(project, root, path.strip("/"))


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """The values of the flags, by field.

    Raises:
        ValueError: when one cannot be read.
    """
    from compiler.new.kinds import FIELDS

    found: dict[str, Any] = {}
    for field in FIELDS[args.kind_of_spec]:
        text = getattr(args, f"field:{field.name}")
        if text is not None:
            found[field.name] = _read(field, text)
    return found


def _read(field: "Field", text: Any) -> Any:
    try:
        if not field.many:
            return field.read(text)
        merged: dict[str, Any] = {}
        for part in map(field.read, text):
            for key, inner in part.items():
                merged.setdefault(key, {}).update(inner)
        return merged
    except ValueError as error:
        raise ValueError(f"--{field.name}: {error}") from error


def _id(project: "Project", kind: str, given: str | None, asks: bool) -> str:
    from compiler.new.draft import vacant
    from compiler.shape.words import ID_HELP
    from compiler.spec.base import is_id

    while True:
        if given is None and not asks:
            raise ValueError(f"which id? `simkiln new {kind} ID`")
        name = given if given is not None else _ask("id")
        try:
            if not is_id(name):
                raise ValueError(f"`{name}` is not an id: {ID_HELP}")
            vacant(project, kind, name)
        except ValueError as error:
            if given is not None:
                raise
            sys.stderr.write(f"  {error}\n")
            continue
        return name


def _answer(project: "Project", kind: str, name: str, given: dict[str, Any], asks: bool) -> None:
    """Hold each flag against its question, and ask for what no flag said, again where an answer cannot stand.

    Raises:
        ValueError: for a flag that does not belong to the others, or cannot stand.
    """
    from compiler.new.draft import completed, reason
    from compiler.new.kinds import FIELDS

    for field in FIELDS[kind]:
        if not field.when(completed(project, kind, name, given)):
            if given.pop(field.name, None) not in (None, [], {}):
                raise ValueError(f"`--{field.name}` does not belong to such a {kind}")
        elif field.name in given:
            if wrong := reason(project, kind, name, field, given):
                raise ValueError(f"--{field.name}: {wrong}")
        elif asks:
            _ask_until_fine(project, kind, name, field, given)


def _ask_until_fine(project: "Project", kind: str, name: str, field: "Field", given: dict[str, Any]) -> None:
    from compiler.new.draft import completed, reason
    from compiler.reading.writing import flow

    default = completed(project, kind, name, given)[field.name]
    shown = "" if default in (None, [], {}) else flow(default)
    known = list(field.choices(project))
    hint = f" ({', '.join(known[:8])}{', …' if len(known) > 8 else ''})" if known else ""
    while True:
        text = _ask(f"{field.question}{hint}{f' [{shown}]' if shown else ''}")
        try:
            given[field.name] = default if not text else _read(field, text.split() if field.many else text)
            wrong = reason(project, kind, name, field, given)
        except ValueError as error:
            wrong = str(error)
        if wrong is None:
            return
        given.pop(field.name, None)
        sys.stderr.write(f"  {wrong}\n")


def _ask(question: str) -> str:
    """One line from the terminal; the question goes to stderr, so that stdout holds results alone."""
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    try:
        return input().strip()
    except EOFError:
        sys.stderr.write("\n")
        raise ValueError("the questions ended before all were answered; nothing was written") from None


def _member(project: "Project", kind: str, name: str, study: str) -> "tuple[Path, bytes, list[Diagnostic]]":
    """The study's file, what it is to hold with the new id in its list, and what would be wrong with it then."""
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.new.draft import made_worse
    from compiler.new.membership import added

    if ("study", study) not in project.sources:
        raise ValueError(f"unknown study `{study}`; {did_you_mean(study, project.ids('study'), 'studies')}")
    source = project.source("study", study)
    path, text = project.root / source.name, added(source.text, source.name, kind, name)
    mark = BOM if path.read_bytes().startswith(BOM) else b""
    return path, mark + text.encode(), made_worse(project, study, text)
