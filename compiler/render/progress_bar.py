"""A progress bar over long work, on a terminal only; it goes to stderr and leaves nothing behind."""

from collections.abc import Iterable, Iterator


def steps[T](items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items one by one, with how many of `total` are done."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(items, what, total=total, console=console, transient=True, disable=not console.is_terminal)


def size(number: float) -> str:
    """Bytes for people, in powers of 1000: `5.1 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
