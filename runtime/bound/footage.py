"""Videos that people brought: a folder for an eye to be trained on, and Physion's, to ask what it foretells."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.bound.base import Bound, FilePath

SECTIONS = ("footage", "physion")
"""Under which keys of a location they stand."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
RESEARCH_ONLY = "LicenseRef-research-only"
"""What is taken for the licence of data sets that are given away for research; of Kinetics, whose list is free, the videos are
their uploaders'."""


class Videos(Bound):
    """A folder of videos below a root."""

    root: Name
    """Name of the root that it lies below; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: FilePath
    """The folder, relative to the root. All folders in it are looked through."""
    licence: Name | None = None
    """Its licence, an SPDX expression. One that forbids sale is refused in a study for commercial use."""
    draw: int = Field(0, ge=0, lt=2**31)
    """Seed of which videos are drawn."""


class Footage(Videos):
    """Videos that an eye is trained on; nobody need have labelled them."""

    kind: Literal["videos", "something_something_v2", "kinetics", "greatest_hits"]
    """Which files are read: all videos; `ID.webm` of Something-Something v2; clips of Kinetics in folders of any depth;
    `*_denoised.mp4` of Greatest Hits. The last three are for research only."""
    videos: int = Field(1000, ge=1, le=50_000)
    """How many are drawn; others are neither read nor part of any address."""

    @property
    def terms(self) -> str | None:
        """The licence: as stated, else that of the data set."""
        return self.licence or (None if self.kind == "videos" else RESEARCH_ONLY)


class FoundFootage(Footage):
    """The same, as it was found on this machine; empty where its root is not known there."""

    content: str = ""
    """SHA-256 over names and bytes of the videos that are drawn."""


class Physion(Videos):
    """Physion (Bear et al., NeurIPS 2021): `Physion.zip` and `PhysionTrainMP4s.tar.gz`, unpacked, and `readout_labels.csv`."""

    kind: Literal["physion"]
    """Its layout."""
    per_scenario: int = Field(1000, ge=8, le=1000)
    """How many videos of a scenario the read-out is fitted on; all of its test set are asked."""

    @property
    def terms(self) -> str | None:
        """The licence as stated."""
        return self.licence


class FoundPhysion(Physion):
    """The same, as it was found on this machine; empty where its root is not known there."""

    content: str = ""
    """SHA-256 over names and bytes of the videos and labels that are read."""
