"""Print the script that lets a shell complete verbs, flags, studies, nodes and codes."""

import argparse

SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=SHELLS)
    parser.epilog = (
        'bash and zsh: put eval "$(simkiln completion bash)" (or zsh) into ~/.bashrc or ~/.zshrc; '
        "fish: simkiln completion fish > ~/.config/fish/completions/simkiln.fish"
    )


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import argcomplete

    print(argcomplete.shellcode(["simkiln"], shell=args.shell))
    return 0
