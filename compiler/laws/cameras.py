"""The cameras of a study and its locations: what specs alone can tell of them."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, meant
from compiler.graph.graph import Graph
from compiler.graph.grid import LOOKS, settable
from compiler.laws.subject import Subject
from compiler.laws.wiring import edges
from compiler.project.layers import layer
from compiler.spec.study import Study
from runtime.bound.twin_camera import WRIST, TwinCamera
from runtime.sim.parts.so101 import LINKS, SO101
from runtime.stage import load_stages, marked_fields


def unknown_mount(subject: Subject) -> Iterator[Diagnostic]:
    """X471: a camera is on a body that the built-in arm does not have. Of other robots the stage `twin` says so (R276)."""
    known = list(dict.fromkeys((WRIST, SO101.tip.site, *(link.name for link in LINKS))))
    for _, study in subject.studies():
        for kind, spec, name, camera in _said(subject, study) if study.robot is None else ():
            if camera.on is not None and camera.on not in known:
                message = f"the built-in arm has no body or site `{camera.on}`"
                help, fix = did_you_mean(camera.on, known, "mounts"), meant(camera.on, known)
                yield subject.at(kind, spec, ("cameras", name, "on"), "X471", message, help, fix=fix)


def said_twice(subject: Subject) -> Iterator[Diagnostic]:
    """X472: a parameter of the camera that twins have by default, beside cameras that take its place."""
    stages = load_stages()
    for name, study in subject.studies():
        places = [place for _, place in subject.places(study) if place in subject.project.locations]
        whose = [("study", name), *(("task", task) for task in study.tasks)] if study.cameras else []
        whose += [("location", x) for x in places if study.cameras or subject.project.locations[x].cameras]
        for kind, spec in (one for one in whose if one[1] in subject.project.specs(one[0])):
            for stage, values in layer(subject.project, kind, spec).stages.items():
                marked = marked_fields(stages[stage].params, "instead") if stage in stages else {}
                for field in [x for x in values if x in marked]:
                    message = f"`{field}` is of the camera that twins have where no `cameras` are named"
                    help = "say it under `cameras`, such as `front: {size: [96, 96]}`"
                    yield subject.at(kind, spec, ("stages", stage, field), "X472", message, help, key=True)


def not_aligned(subject: Subject) -> Iterator[Diagnostic]:
    """X473, a warning: an input transform is wired where cameras move; their pictures pass it as they are."""
    for _, study in subject.studies():
        moving = [name for _, _, name, camera in _said(subject, study) if camera.on is not None]
        for name, reader, port, maker in edges(subject) if moving else ():
            if maker.kind == "transform" and name in study.approaches:
                message = f"`{maker.name}` leaves pictures of `{moving[0]}` as they are, for it is mounted"
                help = "let the approach look through cameras that stand still alone (`camera_keys`), or read on if that is meant"
                path = ("inputs", reader.name, port.name)
                yield subject.at("approach", name, path, "X473", message, help, severity="warning")


def of_one_size(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X474: a policy looks through cameras of different sizes."""
    study, told = subject.project.studies[name], set()
    for node in graph.samples:
        if LOOKS not in settable(node.stage.name):
            continue
        place = str(node.scope.location)
        own = subject.project.locations[place].cameras if place in subject.project.locations else {}
        cameras = study.cameras | own
        seen = [key for key in getattr(node.setting.model, LOOKS) if key in cameras]
        other = next((key for key in seen if cameras[key].size != cameras[seen[0]].size), None)
        if other is None or (place, other) in told:
            continue
        told.add((place, other))
        sizes = [f"`{key}` has {cameras[key].size[0]}x{cameras[key].size[1]}" for key in (seen[0], other)]
        message = f"`{node.stage.name}` looks through cameras of different sizes: {', '.join(sizes)}"
        kind, spec = ("location", place) if other in own else ("study", name)
        help = "give them one `size`, or name cameras of one size in `camera_keys`"
        yield subject.at(kind, spec, ("cameras", other), "X474", message, help, key=True)


def _said(subject: Subject, study: Study) -> Iterator[tuple[str, str, str, TwinCamera]]:
    """Kind and id of the spec, name and camera, of all that a study and its locations say."""
    for name, other in subject.studies():
        if other is study:
            yield from (("study", name, key, camera) for key, camera in study.cameras.items())
    for _, place in subject.places(study):
        spec = subject.project.locations.get(place)
        yield from (("location", place, key, camera) for key, camera in (spec.cameras if spec else {}).items())
