"""Node -> address: a hash of all that an artifact's content depends on, and of nothing else.

Titles, comments, file names, line numbers and the names of locations or approaches are not part of it, so editing them
rebuilds nothing and equal work is shared. Going back to an old value gives the old address, and its artifact.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

LENGTH = 32


def fingerprint(
    stage: str,
    version: int,
    params: Mapping[str, object],
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
    return joined(head(stage, version, params), inputs, canonical(backends), content)


def head(stage: str, version: int, params: Mapping[str, object]) -> str:
    """The part of what is hashed that thousands of nodes share."""
    return f"[{canonical(stage)},{version},{canonical(params)}"


def joined(head: str, inputs: Mapping[str, Sequence[str]], backends: str, content: str | None) -> str:
    """`fingerprint` from its head and from back ends as canonical JSON."""
    ports = ",".join([f"{_quoted(port)}:{_list(inputs[port])}" for port in sorted(inputs)])
    text = f"{head},{{{ports}}},{backends},{'null' if content is None else _quoted(content)}]"
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def _list(fingerprints: Sequence[str]) -> str:
    """Fingerprints are digits and letters, so that quotes around them are JSON."""
    return f'["{'","'.join(fingerprints)}"]' if fingerprints else "[]"


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: one text for each value."""
    return _encode(value)


_quoted = lru_cache(maxsize=4096)(_encode)
