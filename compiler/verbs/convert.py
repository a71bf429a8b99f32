"""Make a LeRobotDataset of demos in an HDF5 file, as robomimic, MimicGen, RoboCasa and Isaac Lab write them.

What comes out is named by `data:` in a location (`docs/own-robot.md`). State and cameras are observations of the file; what
it has is told where one is missing.
"""

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln convert`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a file with `data/demo_0`, ...")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="a folder that is not there yet, or empty")
    parser.add_argument("--fps", type=int, required=True, metavar="N", help="control steps a second (1 to 1000)")
    parser.add_argument(
        "--state", nargs="+", required=True, metavar="KEY", help="observations that make up the state, side by side"
    )
    parser.add_argument("--camera", action="append", default=[], metavar="NAME=KEY", help="a camera and the observation it is")
    parser.add_argument("--instruction", default="", help="what the robot was told (default: `lang` in each demo's `ep_meta`)")


def run(args: argparse.Namespace) -> int:
    """0 when the dataset is written."""
    from runtime.export.hdf5 import read_hdf5

    cameras = dict(one.partition("=")[::2] for one in args.camera)
    if not cameras or not all(key and name.isidentifier() for name, key in cameras.items()):
        raise ValueError("name cameras like this: --camera front=agentview_image")
    if not 1 <= args.fps <= 1000:
        raise ValueError(f"`--fps {args.fps}`: between 1 and 1000 control steps a second")
    if args.to.exists() and (not args.to.is_dir() or any(args.to.iterdir())):
        raise ValueError(f"`{args.to}` is there, and not an empty folder: nothing is written over what somebody may need")
    count = read_hdf5(args.file, args.to, args.fps, args.state, cameras, args.instruction)
    print(f"{args.to}/  {count} demos: name it by `data:` in a location (docs/own-robot.md)")
    return 0
