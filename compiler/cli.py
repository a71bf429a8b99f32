"""The command line. A verb is one file of `compiler/verbs/`; only that one is imported, so that starting stays light.

Exit code 0: fine, 1: something to mend, 2: wrong usage.
"""

import argparse
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

PURPOSES = {
    "write specs": "new capture-guide convert check explain",
    "see what would be built": "plan why diff graph",
    "build": "preflight run status",
    "read what came out": "report kpi trials audit view serve export where show recompute",
    "keep the store": "verify gc backends",
    "editors and shells": "watch lsp completion schema",
}
VERBS = " ".join(PURPOSES.values()).split()
"""In the order in which `simkiln --help` lists them."""


def script() -> int:
    """`main` for a process of its own. What a verb makes all stays: looking through it for cycles doubles its time."""
    if sys.argv[1:2] in (["watch"], ["lsp"]):
        return main()
    gc.disable()
    code = main()
    gc.freeze()  # or the interpreter would look through it when it ends
    return code


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what comes next: answer it and end
        import argcomplete

        typed = os.environ.get("COMP_LINE", "").split()[1:2]
        argcomplete.autocomplete(parser(typed[0] if typed and typed[0] in VERBS else None), always_complete_options=False)
    words = sys.argv[1:] if argv is None else argv
    if words in ([], ["--version"]):
        sys.stdout.write(_by_purpose() if not words else f"simkiln {_version()}\n")
        return 0
    args = parser(words[0] if words and words[0] in VERBS else None).parse_args(words)
    try:
        return args.run(args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (code := _explained(error)) is not None:
            return code
        raise


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of one verb, or of all without their arguments: enough to name and list them."""
    top = argparse.ArgumentParser(prog="simkiln", description="Compile experiment specs, build what is missing.")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for name in VERBS if only is None else (only,):
        module: Any = importlib.import_module(f"compiler.verbs.{name.replace('-', '_')}")
        said = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        verb = verbs.add_parser(name, help=said, description=said)
        verb.set_defaults(run=module.run)
        if only is not None:
            module.arguments(verb)
    return top


def _version() -> str:
    from importlib.metadata import version

    return version("simkiln")


def _by_purpose() -> str:
    """What can be done, a line each, by what it is for."""
    lines = [f"simkiln {_version()}: compile experiment specs, build what is missing", ""]
    for purpose, verbs in PURPOSES.items():
        lines.append(purpose)
        for name in verbs.split():
            doc = importlib.import_module(f"compiler.verbs.{name.replace('-', '_')}").__doc__ or ""
            lines.append(f"  {name:<14}{doc.partition(chr(10))[0]}")
    return "\n".join([*lines, "", "`simkiln VERB --help` says more of each; `simkiln check` is a good first one", ""])


def _explained(error: Exception) -> int | None:
    """Print what people can mend and return the exit code; None for a fault of ours."""
    from compiler.plan.study import SpecsRefused
    from runtime.problem import InputError
    from runtime.store.trouble import in_words

    if isinstance(error, SpecsRefused):
        from compiler.verbs.common import show

        return show(error.project, error.diagnostics)
    if isinstance(error, InputError):
        for problem in error.problems:
            sys.stderr.write(_plain(f"error[{problem.code}]: {problem.message}\n   = help: {problem.help}"))
        return 1
    if isinstance(error, ValueError):
        sys.stderr.write(_plain(f"simkiln: {error}"))
        return 2
    if isinstance(error, OSError) and (words := in_words(error, Path())) is not None:
        sys.stderr.write(_plain(f"error[B314]: {words[0]}\n   = help: {words[1]}"))
        return 1
    if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] not in ("compiler", "runtime"):
        sys.stderr.write(f"simkiln: this needs `{error.name}`, which is not installed: `uv sync` brings all that jobs need\n")
        return 1
    return None


def _plain(text: str) -> str:
    """Lines without anything that a terminal would obey."""
    from compiler.render.columns import visible

    return "".join(visible(line) + "\n" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(script())
