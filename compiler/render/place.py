"""A place as one offline page: no script, picture or word of it comes from anywhere else."""

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from compiler.templates import RULES, template

if TYPE_CHECKING:
    from runtime.view.packed import Packed
    from runtime.view.place import Place


def render_place(title: str, said: str, place: "Place", packed: "Packed", absent: list[str]) -> str:
    """The page. Titles and names are escaped; what stands in it as it is, is ours or numbers.

    Args:
        title, said: the location, and a line about it.
        place, packed: what is shown.
        absent: what is not built, in words.
    """
    from runtime.view.place import facts

    groups: dict[str, list[tuple[int, str]]] = {}
    for number, view in enumerate(place.views):
        groups.setdefault(view["group"], []).append((number, view["name"]))
    value: dict[str, Any] = facts(place, packed)
    layers = [{key: layer[key] for key in ("id", "label", "color", "on")} for layer in value["layers"]]
    ours = {name: Markup((RULES / "view" / file).read_text(encoding="utf-8")) for name, file in _OURS.items()}
    shown = {"title": title, "said": said, "groups": list(groups.items()), "layers": layers, "absent": absent}
    data = {"facts": Markup(json.dumps(value).replace("<", "\\u003c")), "gaussians": Markup(packed.base64)}
    return template("view/page.html.j2", trim=True, lstrip=True).render(shown | ours | data)


_OURS = {"style": "view.css", "script": "view.js", "engine": "playcanvas.min.js"}
