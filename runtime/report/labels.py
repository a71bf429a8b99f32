"""Titles and spec lines, put into a finished page: they change without anything being built again.

The page holds ids in `<span class="ref" data-ref="KIND:ID">ID</span>`, the marker `<!--simkiln:labels-->`, and
`<span class="advice" data-ref="gate:ID"></span>` where a gate failed.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

MARKER = "<!--simkiln:labels-->"
_REFERENCE = re.compile(r'<span class="ref" data-ref="([^"]*)">([^<]*)</span>')
_ADVICE = re.compile(r'<span class="advice" data-ref="([^"]*)"></span>')


def apply_labels(page: str, labels: Mapping[str, Mapping[str, Any]]) -> str:
    """The page with titles for ids, and a list of where each thing is specified in place of the marker.

    Args:
        page: the report as it was built.
        labels: `KIND:ID` -> `title`, `file` and `line`; each may be absent; of a gate `advice`. Everything is escaped.
            References without a label keep their id.
    """
    used: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        key = html.unescape(match[1])
        label = labels.get(key)
        if label is None:
            return match[0]
        used[key] = None
        title = html.escape(str(label.get("title") or html.unescape(match[2])))
        hint = html.escape(" · ".join(part for part in (key.partition(":")[2], _place(label)) if part))
        return f'<span class="ref" data-ref="{match[1]}" title="{hint}">{title}</span>'

    def advise(match: re.Match[str]) -> str:
        advice = labels.get(html.unescape(match[1]), {}).get("advice")
        return f'<span class="advice" data-ref="{match[1]}">What to do: {html.escape(str(advice))}</span>' if advice else match[0]

    named = _ADVICE.sub(advise, _REFERENCE.sub(replace, page))
    return named.replace(MARKER, _list({key: labels[key] for key in used}), 1)


def _list(labels: Mapping[str, Mapping[str, Any]]) -> str:
    if not labels:
        return MARKER
    rows = "".join(
        f"<tr><td>{html.escape(key.partition(':')[0])}</td><td>{html.escape(str(label.get('title') or ''))}</td>"
        f"<td><code>{html.escape(key.partition(':')[2])}</code></td><td><code>{html.escape(_place(label))}</code></td></tr>"
        for key, label in sorted(labels.items())
    )
    return (
        '<div class="scroll" tabindex="0"><table class="plain"><thead><tr><th>Kind</th><th>Title</th><th>Id</th>'
        f"<th>Specified in</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _place(label: Mapping[str, Any]) -> str:
    file, line = label.get("file"), label.get("line")
    return f"{file}:{line}" if file and line else str(file or "")
