"""A dictionary some of whose values are read when they are first asked for."""

from collections.abc import Callable, Iterator
from typing import Any


class Deferred(dict[Any, Any]):
    """`defer(key, read)` puts a key in its place at once; `read()` gives its value, once, when someone looks at it."""

    def defer(self, key: object, read: Callable[[], object]) -> None:
        """Have a key whose value is read later."""
        super().__setitem__(key, _Later(read))

    def __getitem__(self, key: object) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, _Later):
            value = value.read()
            super().__setitem__(key, value)
        return value

    def get(self, key: object, default: Any = None) -> Any:
        """The value of a key, as of any dictionary."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[Any]:
        return super().__iter__()  # its being here tells C code to ask for values through `__getitem__`

    def read(self) -> list[Any]:
        """The values that were read so far."""
        return [value for value in super().values() if not isinstance(value, _Later)]

    def values(self) -> Any:
        """All values; reads those that were not."""
        return [self[key] for key in self]

    def items(self) -> Any:
        """All keys and values; reads those that were not."""
        return [(key, self[key]) for key in self]


class _Later:
    def __init__(self, read: Callable[[], object]) -> None:
        self.read = read
