"""Names of trials that stand in the path of their file, such as `{approach}/seed-{seed}/eval_info.json`."""

import re
from typing import get_args

from runtime.bound.trial_mapping import NameField, TrialMapping
from runtime.trials.fault import Fault, TrialsRefused, refusal

_BRACES = re.compile(r"\{([^{}]*)\}")


def names_in(path: str, mapping: TrialMapping) -> dict[str, str]:
    """Field -> what the path says.

    Raises:
        TrialsRefused: T511 when the pattern names no field, or the path does not fit it.
    """
    pattern = mapping.file_name
    if pattern is None:
        return {}
    fields, known, key = _BRACES.findall(pattern), get_args(NameField), ("file_name",)
    odd = next((field for field in fields if field not in known), None)
    if odd is not None:
        raise TrialsRefused(Fault("T511", f"`{{{odd}}}` is not a field", key=key, known=known, word=odd, what="fields"))
    if len(set(fields)) < len(fields):
        raise refusal("T511", "a field comes twice in `file_name`", "name it once", key=key)
    parts = pattern.strip("/").split("/")
    if not fields or any(len(_BRACES.findall(part)) > 3 for part in parts) or "}{" in pattern:
        message = "`file_name` needs one to three fields in braces between slashes, with text between them"
        raise refusal("T511", message, "such as `{approach}/seed-{seed}.csv`", key=key)
    tail = path.replace("\\", "/").split("/")[-len(parts) :]
    found: dict[str, str] = {}
    for part, name in zip(parts, tail, strict=False):
        # every piece of a path is short, and each group is lazy and stops at the next literal
        expression = "".join(f"(?P<{piece}>.+?)" if i % 2 else re.escape(piece) for i, piece in enumerate(_BRACES.split(part)))
        match = re.fullmatch(expression, name[:255])
        if match is None or len(tail) < len(parts):
            hint = "mend `file_name` in the mapping, or rename the file"
            raise refusal("T511", f"`{path}` does not end in `{pattern}`", hint, key=key)
        found |= match.groupdict()
    return found
