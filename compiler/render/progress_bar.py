"""A progress bar over long work, on a terminal only; it goes to stderr and leaves nothing behind."""

from collections.abc import Iterable, Iterator


def steps[T](items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items one by one, with how many of `total` are done."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(items, what, total=total, console=console, transient=True, disable=not console.is_terminal)
