"""Which numbers of strangers' files are read: those that can be multiplied a few times and still are numbers."""

LARGEST = 1e12
"""A position, a focal length or a coefficient of distortion above this has no meaning: the sun is 1.5e11 metres away."""


def is_usable(value: object) -> bool:
    """Whether a value is a finite number of a size that means something; whole numbers of JSON may have any length."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
