"""MJCF to USD where mujoco-usd-converter is installed: `PYTHON convert.py PACKAGE`. Needs nothing of ours."""

import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Write `usd/NAME.usdc` for each `mjcf/NAME.xml` of a package."""
    package = Path(sys.argv[1])
    converter = import_module("mujoco_usd_converter").Converter(layer_structure=False, scene=False)
    (package / "usd").mkdir(exist_ok=True)
    for model in sorted((package / "mjcf").glob("*.xml")):
        with tempfile.TemporaryDirectory() as folder:
            made = converter.convert(str(model), folder)
            shutil.copyfile(made.path, package / "usd" / f"{model.stem}.usdc")


if __name__ == "__main__":
    main()
