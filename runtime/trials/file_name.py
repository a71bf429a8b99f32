"""Names of trials that stand in the path of their file, such as `{approach}/seed-{seed}/eval_info.json`."""

import re
from typing import get_args

from runtime.bound.trial_mapping import NameField, TrialMapping
from runtime.trials.fault import Fault, TrialsRefused

_BRACES = re.compile(r"\{([^{}]*)\}")


def names_in(path: str, mapping: TrialMapping) -> dict[str, str]:
    """Field -> what the path says.

    Raises:
        TrialsRefused: T511 when the pattern names no field, or the path does not fit it.
    """
    pattern = mapping.file_name
    if pattern is None:
        return {}
    fields = _BRACES.findall(pattern)
    odd = [f for f in fields if f not in get_args(NameField)]
    if odd:
        raise TrialsRefused(
            Fault(
                "T511",
                f"`{{{odd[0]}}}` is not a field",
                key=("file_name",),
                known=get_args(NameField),
                word=odd[0],
                what="fields",
            )
        )
    if len(set(fields)) < len(fields):
        raise TrialsRefused(Fault("T511", "a field comes twice in `file_name`", "name it once", key=("file_name",)))
    parts = pattern.strip("/").split("/")
    if not fields or any(len(_BRACES.findall(part)) > 3 for part in parts) or "}{" in pattern:
        raise TrialsRefused(
            Fault(
                "T511",
                "`file_name` needs one to three fields in braces between slashes, with text between them",
                "such as `{approach}/seed-{seed}.csv`",
                key=("file_name",),
            )
        )
    tail = path.replace("\\", "/").split("/")[-len(parts) :]
    found: dict[str, str] = {}
    for part, name in zip(parts, tail, strict=False):
        # every piece of a path is short, and each group is lazy and stops at the next literal
        expression = "".join(f"(?P<{piece}>.+?)" if i % 2 else re.escape(piece) for i, piece in enumerate(_BRACES.split(part)))
        match = re.fullmatch(expression, name[:255])
        if match is None or len(tail) < len(parts):
            raise TrialsRefused(
                Fault(
                    "T511",
                    f"`{path}` does not end in `{pattern}`",
                    "mend `file_name` in the mapping, or rename the file",
                    key=("file_name",),
                )
            )
        found |= match.groupdict()
    return found
