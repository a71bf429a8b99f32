"""Text with a digest before it: a cache of which a bit changed is as good as lost. Standard library only."""

import hashlib


def sealed(text: str) -> str:
    """The text as it is kept."""
    return f"{_digest(text.encode())}\n{text}"


def unsealed(data: bytes) -> bytes:
    """The text of what `sealed` made, as UTF-8.

    Raises:
        ValueError: when it is not as it was kept.
    """
    seal, _, text = data.partition(b"\n")
    if seal != _digest(text).encode():
        raise ValueError("not as it was kept")
    return text


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=16).hexdigest()
