"""Node -> address: a hash of all that an artifact's content depends on, and of nothing else.

Titles, comments, file names, line numbers and the names of locations or approaches are not part of it, so editing them
rebuilds nothing and equal work is shared. Going back to an old value gives the old address, and its artifact.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

LENGTH = 32


def fingerprint(
    stage: str,
    version: int,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[str]],
    backends: Mapping[str, Mapping[str, str]],
    content: str | None = None,
) -> str:
    """The address of an artifact: 32 hexadecimal digits (128 bits of SHA-256).

    Args:
        stage: name of the stage.
        version: its version, bumped by hand when its results change.
        params: its parameters as JSON values, defaults included.
        inputs: port -> fingerprints of the parents, in order.
        backends: role -> name and version of the back end.
        content: digest of photos or a splat outside the project, for a capture.
    """
    identity = [stage, version, params, {k: list(v) for k, v in inputs.items()}, backends, content]
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
