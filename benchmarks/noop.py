"""How much `snakemake --cores all` costs when nothing is missing, beside `snakemake --version`.

Run in a project whose study is built: `python -m benchmarks.noop [STUDY]`. CPU seconds (user + system), medians.
"""

import resource
import statistics
import subprocess
import sys

REPEATS = 7


def cpu_s(command: list[str]) -> tuple[float, str]:
    """CPU seconds of one command, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout + done.stderr


def main() -> None:
    study = sys.argv[1] if len(sys.argv) > 1 else "study"
    snakemake = [sys.executable, "-m", "snakemake"]
    commands = {
        "snakemake --version": [*snakemake, "--version"],
        "snakemake --cores all": [*snakemake, "--cores", "all", "--config", f"study={study}"],
        "simkiln plan": [sys.executable, "-m", "compiler.cli", "plan", study],
        "simkiln check": [sys.executable, "-m", "compiler.cli", "check"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            seconds, said = cpu_s(command)
            if name == "snakemake --cores all" and "Nothing to be done" not in said:
                sys.exit(f"study `{study}` is not built: run `snakemake --cores all` first")
            times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name:<24} {seconds:6.2f} CPU-s")
    extra = medians["snakemake --cores all"] - medians["snakemake --version"]
    print(f"no-op on top of start-up {extra:6.2f} CPU-s")


if __name__ == "__main__":
    main()
