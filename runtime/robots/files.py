"""Which files a robot is, and what is wrong with them: from XML and first bytes alone, standard library only.

MuJoCo's parser follows `include` and mesh names to any file, loads plugins, and makes thousands of bodies of one `replicate`. So
it never sees a stranger's file: elements are let in by name, includes are put in their place here, and each file that is named
has to be a mesh below the root. `simkiln check` calls this, and the job again on its own copy.
"""

import os
import posixpath
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET
from xml.parsers import expat

from runtime.bound.robot import RobotModel
from runtime.capture.files import elsewhere, is_inside, stays_inside
from runtime.files import read_file
from runtime.problem import Problem

MOST_XML, MOST_MESH, MOST_BYTES = 2**23, 2**26, 2**28
MOST_ELEMENTS, MOST_DEPTH, MOST_MESHES, MOST_INCLUDES, MOST_FACES = 20_000, 128, 256, 16, 500_000
MOST_STL_FACES = 200_000  # what MuJoCo reads
MESHES = (".stl", ".obj")
MJCF = frozenset(
    """mujoco compiler default asset mesh material worldbody body frame geom inertial site joint freejoint equality connect weld
    actuator position motor general velocity damper include""".split()
)
"""Elements of MJCF that are let in."""
DROPPED = frozenset(
    """texture light camera keyframe sensor contact custom size visual statistic tendon option cylinder muscle intvelocity
    adhesion""".split()
)
"""Elements of MJCF that say nothing of how a robot stands and moves; they are left out."""
URDF = frozenset(
    """robot link joint inertial origin mass inertia visual collision geometry box cylinder sphere capsule mesh material color
    parent child axis limit dynamics mimic""".split()
)
"""Elements of URDF that are let in; all others are left out."""
IDLE = ("fixed", "planar", "floating")
ENDLESS = ("builtin", "actdim", "nsample")
"""Attributes of MJCF whose numbers say how much MuJoCo allocates."""


class Unfit(ValueError):
    """Why a robot is not let in; `key` is the part of the spec that is to blame, `help` what to do."""

    def __init__(self, code: str, why: str, help: str, key: str = "robot.path") -> None:
        super().__init__(why)
        self.problem = Problem(code, why, help, key)


@dataclass
class Model:
    """A robot's XML as MuJoCo may read it, its meshes under plain names (-> name below the root), and what it holds."""

    root: ET.Element
    meshes: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def is_urdf(self) -> bool:
        """Whether it is URDF; else MJCF."""
        return self.root.tag == "robot"

    @property
    def xml(self) -> str:
        """The text for MuJoCo."""
        return ET.tostring(self.root, encoding="unicode")

    def names(self, *tags: str) -> list[str]:
        """Names of the elements of some kinds, in a body or a link; none is a URDF joint without just one axis."""
        found = (e for top in self._tops() for e in top.iter() if e.tag in tags and e.get("type") not in IDLE)
        return [name for e in found if (name := e.get("name"))]

    def _tops(self) -> list[ET.Element]:
        return [self.root] if self.is_urdf else self.root.findall("worldbody")

    def roots(self) -> list[str]:
        """Names of the bodies that hang on nothing."""
        if self.is_urdf:
            children = {e.get("link") for e in self.root.iter("child")}
            return [e.get("name", "") for e in self.root.findall("link") if e.get("name") not in children]
        found = [body for world in self._tops() for body in _bodies(world)]
        return [body.get("name", "?") for body in found]


def read(said: RobotModel, root: Path) -> Model:
    """The robot that a spec names below a root's folder.

    Raises:
        Unfit: it is not one that can be let in, or a file of it cannot be read.
    """
    if not is_inside(said.path):
        raise Unfit("R218", f"`{said.path}` leaves the root `{said.root}`", "name a file below the root")
    files: dict[str, Path] = {}
    tree = _tree(said, root, PurePosixPath(said.path).as_posix(), files)
    if sum(1 for _ in tree.iter()) > MOST_ELEMENTS:
        raise _too_many(said.path)
    _finite(said, tree)
    model = Model(tree, files=files)
    if tree.tag == "mujoco":
        _mjcf(said, model)
    elif tree.tag == "robot":
        _urdf(said, model)
    else:
        raise Unfit("R246", f"`{said.path}` begins with `{tree.tag}`, not with `mujoco` or `robot`", "name an MJCF or a URDF")
    if len(model.meshes) > MOST_MESHES:
        raise Unfit("R220", f"`{said.path}` names more than {MOST_MESHES} meshes", "join the meshes of a link")
    for name in model.meshes.values():
        files[name] = _place(said, root, name)
    total = 0
    for name in model.meshes.values():
        total += _mesh(said, name, files[name])
    if total > MOST_BYTES:
        raise Unfit("R220", f"the meshes of `{said.path}` have more than {MOST_BYTES // 2**20} MiB", "reduce them")
    return model


def inspect_robot(said: RobotModel, root: Path | None) -> list[Problem]:
    """All that is wrong with a robot that can be told without MuJoCo; nothing where the root is not known here."""
    if root is None:
        return []
    try:
        model = read(said, root)
    except Unfit as unfit:
        return [unfit.problem]
    if len(roots := model.roots()) != 1:
        named = f"{len(roots)} bodies that hang on nothing: {', '.join(roots[:4])}" if roots else "no body"
        help = "leave the robot alone in it; other things are `assets` of a location"
        return [Problem("R248", f"`{said.path}` has {named}", help, "robot.path")]
    found = [*_absent(said.joints, model.names("joint"), "joint", "robot.joints")]
    if isinstance(said.tip, str):
        found += _absent((said.tip,), model.names("site"), "site", "robot.tip")
    else:
        found += _absent((said.tip.body,), model.names("body", "link"), "body", "robot.tip.body")
    return found or list(_loose_fingers(said, model))


def _loose_fingers(said: RobotModel, model: Model) -> Iterator[Problem]:
    """Fingers beside the one that the gripper moves, on joints that nothing moves along."""
    joints = [joint for joint in model.root.iter("joint") if joint.get("type") not in IDLE]
    if model.is_urdf:
        parents = {joint.get("name"): parent.get("link") for joint in joints for parent in joint.iter("parent")}
        beside = [joint for joint in joints if parents.get(joint.get("name"), "") == parents.get(said.gripper)]
        loose = [joint.get("name", "?") for joint in beside if joint.find("mimic") is None]
    else:
        coupled = {name for ties in model.root.findall("equality") for tie in ties for name in tie.attrib.values()}
        hands = [body for body in model.root.iter("body") if said.gripper in _own_joints(body)]
        palms = [palm for palm in (*model.root.iter("body"), *model.root.iter("frame")) if any(hand in palm for hand in hands)]
        fingers = [body for palm in palms for body in _bodies(palm) if not coupled & {e.get("name") for e in body.iter()}]
        loose = [name for body in fingers for name in _own_joints(body)]
        if any(joint.get("stiffness") for joint in joints):  # a spring may hold it
            loose = []
    for name in loose:
        if name not in said.joints:
            message = f"finger joint `{name}` swings freely: nothing couples it to the gripper `{said.gripper}`"
            yield Problem("R279", message, "couple them by a joint equality, or `mimic` in URDF", "robot.gripper")


def _own_joints(body: ET.Element) -> list[str]:
    return [joint.get("name", "?") for joint in body.findall("joint")]


def _absent(wanted: tuple[str, ...], there: list[str], what: str, key: str) -> Iterator[Problem]:
    for name in wanted:
        if name not in there:
            near = get_close_matches(name, there, 1)
            listed = f"it has {', '.join(there[:12])}" if there else f"it has no {what}"
            help = f"did you mean `{near[0]}`? {listed}" if near else listed
            if what == "site" and not there:
                help = "say the tip as a place of a body: `tip: {body: NAME, at_m: [x, y, z]}`"
            yield Problem("R247", f"the robot has no {what} `{name}`", help, key)


def _tree(said: RobotModel, root: Path, name: str, files: dict[str, Path]) -> ET.Element:
    """The elements of an XML below the root, with what it includes in their place."""
    if name in files or len(files) >= MOST_INCLUDES:
        raise Unfit("R246", f"`{name}` includes itself, or too many files", "put it into one file")
    files[name] = path = _place(said, root, name)
    tree = _parsed(name, _bytes(said, name, path, MOST_XML))
    for number, (parent, child) in enumerate(list(_pairs(tree, 0, DROPPED if tree.tag == "mujoco" else frozenset()))):
        if number >= MOST_ELEMENTS:
            raise _too_many(name)
        if child.tag == "include" and tree.tag == "mujoco":
            # a path in an include is relative to the main file
            other = posixpath.normpath(posixpath.join(posixpath.dirname(said.path), child.get("file", "").replace("\\", "/")))
            if not is_inside(other):
                raise Unfit("R218", f"`{name}` includes a file outside the root: `{child.get('file')}`", "put it below the root")
            at = list(parent).index(child)
            parent.remove(child)
            for part in reversed(list(_tree(said, root, other, files))):
                parent.insert(at, part)
    return tree


def _too_many(name: str) -> Unfit:
    return Unfit("R246", f"`{name}` has more than {MOST_ELEMENTS} elements", "leave out what is not the robot")


def _finite(said: RobotModel, tree: ET.Element) -> None:
    """Refuse NaN, which MuJoCo takes for a value that was not given. Infinities `canonical` finds."""
    named = {element.get("name") for element in tree.iter()}
    for element in tree.iter():
        for key, value in element.attrib.items():
            if value not in named and "nan" in value.lower().replace("+", " ").replace("-", " ").split():
                what = f"`{element.tag}`" + (f" `{element.get('name')}`" if element.get("name") else "")
                raise Unfit("R246", f"`{key}` of {what} in `{said.path}` is no number: `{value[:60]}`", "give it a number")


def _bytes(said: RobotModel, name: str, path: Path, most: int) -> bytes:
    try:
        return read_file(path, most)
    except FileNotFoundError:
        help = elsewhere(said.root) if name == said.path else f"check what `{said.path}` includes"
        raise Unfit("R210", f"no file `{name}` in root `{said.root}`", help) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unfit("R210", f"`{name}` in root `{said.root}` cannot be read: {why}", "look at the file") from None


def _parsed(name: str, content: bytes) -> ET.Element:
    def refuse(*_: object) -> None:
        raise Unfit("R246", f"`{name}` declares a document type, which is not read", "delete the `<!DOCTYPE ...>`")

    first = expat.ParserCreate()
    first.StartDoctypeDeclHandler = refuse
    try:
        first.Parse(content, True)
        return ET.fromstring(content)
    except (expat.ExpatError, ET.ParseError, LookupError, ValueError) as error:
        if isinstance(error, Unfit):
            raise
        raise Unfit("R246", f"`{name}` is not valid XML: {error}", "export it again") from None


def _pairs(parent: ET.Element, depth: int, passed: frozenset[str] = DROPPED) -> Iterator[tuple[ET.Element, ET.Element]]:
    if depth > MOST_DEPTH:
        raise Unfit("R246", f"it is nested deeper than {MOST_DEPTH} elements", "export it again")
    for child in list(parent):
        yield parent, child
        if child.tag not in passed:
            yield from _pairs(child, depth + 1, passed)


def _bodies(parent: ET.Element) -> Iterator[ET.Element]:
    for child in parent:
        if child.tag == "body":
            yield child
        elif child.tag == "frame":
            yield from _bodies(child)


def _place(said: RobotModel, root: Path, name: str) -> Path:
    path = Path(os.path.abspath(root), *PurePosixPath(name).parts)
    if not stays_inside(root, path):
        raise Unfit("R218", f"`{name}` is a link that leaves the root `{said.root}`", "put the file itself there")
    return path


def _mjcf(said: RobotModel, model: Model) -> None:
    folder = ""
    for parent, child in list(_pairs(model.root, 0)):
        if child.tag in DROPPED:
            parent.remove(child)
        elif child.tag not in MJCF:
            raise Unfit(
                "R246", f"`{said.path}` has `{child.tag}`, which is not let in", "take it out: only links, joints and meshes"
            )
        elif child.tag == "compiler":
            folder = child.attrib.pop("meshdir", child.attrib.pop("assetdir", folder))
            for key in ("assetdir", "texturedir", "meshdir", "strippath", "discardvisual", "fusestatic", "inertiagrouprange"):
                child.attrib.pop(key, None)
        elif child.tag == "material":
            child.attrib.pop("texture", None)
    for top in model.root.findall("worldbody"):
        for child in [c for c in top if c.tag in ("geom", "site")]:
            top.remove(child)  # a floor, a wall: the twin has its own
    for acts in model.root.findall("actuator"):
        for actuator in [a for a in acts if "tendon" in a.attrib or "joint" not in a.attrib]:
            acts.remove(actuator)
    for element in model.root.iter():
        named = [key for key in element.attrib if "file" in key or key == "plugin"]
        if named and (element.tag != "mesh" or named != ["file"]):
            raise Unfit("R246", f"`{said.path}` names a file in `{element.tag}`: `{element.get(named[0])}`", "take it out")
        if endless := [key for key in ENDLESS if key in element.attrib]:
            raise Unfit("R246", f"`{said.path}` has `{endless[0]}` in `{element.tag}`, which is not let in", "take it out")
        if element.tag == "mesh" and "file" in element.attrib:
            _rename(said, model, element, "file", posixpath.join(folder.replace("\\", "/"), element.attrib["file"]))


def _urdf(said: RobotModel, model: Model) -> None:
    for parent, child in list(_pairs(model.root, 0, frozenset())):
        if child.tag not in URDF:
            parent.remove(child)
    for element in model.root.iter("mesh"):
        name = element.get("filename", "").replace("\\", "/")
        if name.startswith("package://"):
            name = name.removeprefix("package://").partition("/")[2]
        _rename(said, model, element, "filename", name.removeprefix("file://"))
    ours = ET.SubElement(model.root, "mujoco")
    keep = {"discardvisual": "false", "fusestatic": "false", "strippath": "false", "balanceinertia": "true"}
    ET.SubElement(ours, "compiler", keep)


def _rename(said: RobotModel, model: Model, element: ET.Element, key: str, name: str) -> None:
    """Give a mesh's file a plain name, one for each file."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(said.path), name.replace("\\", "/")))
    suffix = posixpath.splitext(path)[1].lower()
    if not is_inside(path) or not is_inside(name):
        raise Unfit("R218", f"`{said.path}` names a mesh outside the root: `{element.get(key)}`", "put it below the root")
    if suffix not in MESHES:
        raise Unfit("R249", f"mesh `{element.get(key)}` is neither STL nor OBJ", "export the meshes as STL or OBJ")
    if element.get("name") is None and key == "file":
        element.set("name", posixpath.splitext(posixpath.basename(path))[0])
    plain = next((known for known, other in model.meshes.items() if other == path), f"mesh-{len(model.meshes)}{suffix}")
    element.set(key, plain)
    model.meshes[plain] = path


def _mesh(said: RobotModel, name: str, path: Path) -> int:
    """Look at a mesh; its bytes."""
    if not path.exists():
        help = "put the meshes where the model says, below the root"
        raise Unfit("R249", f"`{said.path}` names the mesh `{name}`, which is not there", help)
    content, most = _bytes(said, name, path, MOST_MESH), MOST_FACES
    if path.suffix.lower() == ".obj":
        faces = content.count(b"\nf ") + content.startswith(b"f ")
    else:
        most = MOST_STL_FACES
        binary = len(content) >= 84 and len(content) == 84 + 50 * struct.unpack_from("<I", content, 80)[0]
        faces = (len(content) - 84) // 50 if binary else 0
        if not binary and b"endfacet" in content:
            raise Unfit("R249", f"mesh `{name}` is an STL of text, which MuJoCo does not read", "save it as binary STL")
    if not 0 < faces <= most:
        why = f"has more than {most:,} faces" if faces else "holds no whole mesh"
        raise Unfit("R249", f"mesh `{name}` {why}", "export it again, reduced")
    return len(content)
