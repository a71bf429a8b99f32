"""Make a LeRobotDataset of demos in an HDF5 file, as robomimic, MimicGen, RoboCasa and Isaac Lab write them.

With `--from SYSTEM` what is read is what that simulator of others wrote (`docs/systems/`), by its own names of cameras; of a
trainer (`rlinf`, `wmpo`) the metrics that it logged, as a CSV file.

What comes out is named by `data:` in a location (`docs/own-robot.md`). State and cameras are observations of the file; what
it has is told where one is missing.
"""

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln convert`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a file with `data/demo_0`, ...; of a system, where it wrote to")
    parser.add_argument("--from", dest="system", metavar="SYSTEM", help=f"what wrote it: {', '.join(_systems())}")
    parser.add_argument("--research", action="store_true", help="say that the use is research, which some systems want")
    parser.add_argument(
        "--to", metavar="DIR", type=Path, required=True, help="a folder that is not there yet, or empty; of metrics, a CSV file"
    )
    parser.add_argument("--fps", type=int, metavar="N", help="control steps a second (1 to 1000)")
    parser.add_argument(
        "--state", nargs="+", default=[], metavar="KEY", help="observations of the HDF5 file that make up the state, side by side"
    )
    parser.add_argument("--camera", action="append", default=[], metavar="NAME=KEY", help="a camera and the observation it is")
    parser.add_argument("--instruction", default="", help="what the robot was told (default: `lang` in each demo's `ep_meta`)")


def _systems() -> dict[str, str]:
    from compiler.verbs.export import systems

    return systems()


def _metrics(system: str, log: Path, to: Path) -> int:
    """Write what a trainer of others logged as a table of step, metric and value."""
    import csv

    from runtime.backend import load

    if to.exists():
        raise ValueError(f"`{to}` is there: nothing is written over what somebody may need")
    rows = load("optimiser", system)().metrics(log)
    with to.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["step", "metric", "value"])
        writer.writeheader()
        writer.writerows(rows)
    print(f"{to}  {len(rows)} values of {len({row['metric'] for row in rows})} metrics")
    return 0


def run(args: argparse.Namespace) -> int:
    """0 when the dataset is written."""
    from runtime.export.hdf5 import read_hdf5

    if args.system:
        from compiler.verbs.export import allow, systems

        allow(args.system, args.research)
        if systems()[args.system] == "optimiser":
            return _metrics(args.system, args.file, args.to)
    if args.fps is None:
        raise ValueError("say with `--fps` how many control steps there are a second")
    cameras = dict(one.partition("=")[::2] for one in args.camera)
    if not cameras or not all(key and name.isidentifier() for name, key in cameras.items()):
        raise ValueError("name cameras like this: --camera front=agentview_image")
    if not 1 <= args.fps <= 1000:
        raise ValueError(f"`--fps {args.fps}`: between 1 and 1000 control steps a second")
    if args.to.exists() and (not args.to.is_dir() or any(args.to.iterdir())):
        raise ValueError(f"`{args.to}` is there, and not an empty folder: nothing is written over what somebody may need")
    if args.system:
        from runtime.backend import load

        if not args.instruction.strip():
            raise ValueError("say with `--instruction` what the robot was told: recordings of other systems do not")
        count = load("simulator", args.system)().read(args.file, args.to, args.fps, cameras, args.instruction)
        print(f"{args.to}/  {count} demos: name it by `data:` in a location (docs/own-robot.md)")
        return 0
    if not args.state:
        raise ValueError("name with `--state` the observations that make up the state")
    count = read_hdf5(args.file, args.to, args.fps, args.state, cameras, args.instruction)
    print(f"{args.to}/  {count} demos: name it by `data:` in a location (docs/own-robot.md)")
    return 0
