"""The module `SampleData`: samples by name, and files from anywhere, through the same engine as `/slicer/sampledata`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from backend.errors import NotFoundError
from backend.scene.commands import LoadSample, SampleFile
from backend.scene.file_types import file_type_of
from backend.scene.samples import Catalogue, Sample
from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn, make_module

BUILT_IN, DEVELOPMENT = "BuiltIn", "Development"
NOT_LOADED = ("SceneFile", "ZipFile", "")


def _list(value: Any, count: int) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    return [value] * count


@dataclass(eq=False)
class SampleDataSource:
    """Where files of a sample come from; one value or equally long lists of values."""

    sampleName: str | None = None
    sampleDescription: str | None = None
    uris: Any = None
    fileNames: Any = None
    nodeNames: Any = None
    checksums: Any = None
    loadFiles: Any = None
    customDownloader: Callable[[Any], Any] | None = None
    thumbnailFileName: str | None = None
    loadFileType: Any = None
    loadFileProperties: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.uris = _list(self.uris, 1)
        count = len(self.uris)
        for name in ("fileNames", "nodeNames", "checksums", "loadFiles", "loadFileType"):
            values = _list(getattr(self, name), count)
            if len(values) != count:
                raise ValueError(f"{name} has {len(values)} values and uris has {count}; they must be equally many")
            setattr(self, name, values)
        self.sampleDescription = self.sampleDescription or self.sampleName
        self.loadFileProperties = self.loadFileProperties or {}

    def files(self) -> list[SampleFile]:
        """The same as the engine takes it."""
        found = []
        columns = zip(self.uris, self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileType, strict=True)
        for uri, file, node, checksum, load, kind in columns:
            guessed = kind or (file_type_of(Path(file)) or "VolumeFile" if node or load else "")
            wanted = node if load is not False and guessed not in NOT_LOADED else ""
            found.append(SampleFile(file, checksum or "", wanted or "", guessed if wanted else "", uri or ""))
        return found


def _source_of(sample: Sample) -> SampleDataSource:
    files = sample.files
    return SampleDataSource(
        sample.name, sample.name, [file.url for file in files], [file.file for file in files],
        [file.node or None for file in files], [file.checksum for file in files], None, None, None,
        [file.type or None for file in files],
    )  # fmt: skip


def sample_data_module(desk: Desk) -> ModuleType:
    """`SampleData`, over a desk; its `sources` is what `slicer.modules.sampleDataSources` is."""
    options = desk.context.options
    catalogue = Catalogue(Path(options.sample_catalogue) if options.sample_catalogue else None)
    sources: dict[str, list[SampleDataSource]] = {BUILT_IN: [], DEVELOPMENT: []}
    for sample in catalogue.all():
        sources.setdefault(sample.category, []).append(_source_of(sample))

    class SampleDataLogic(StandIn):
        """Downloads samples and loads them into the scene."""

        stands_for = "SampleDataLogic"
        builtInCategoryName, developmentCategoryName = BUILT_IN, DEVELOPMENT

        def __init__(self, logMessage: Callable[..., None] | None = None) -> None:
            self.logMessage = logMessage or (lambda message, level=logging.DEBUG: logging.log(level, message))

        # -- what there is ---------------------------------------------------------------------------------------

        @staticmethod
        def sampleDataSourcesByCategory(category: str | None = None) -> Any:
            """Sources of a category, or all by category."""
            return sources if category is None else sources.get(category, [])

        @staticmethod
        def registerCustomSampleDataSource(category: str = "Custom", **source: Any) -> None:
            """Add a source."""
            sources.setdefault(category, []).append(SampleDataSource(**source))

        def sourceForSampleName(self, name: str) -> SampleDataSource | None:
            """A source by its name, exactly or in any case; None if there is none."""
            known = [source for group in sources.values() for source in group]
            exact = [source for source in known if source.sampleName == name]
            loose = [source for source in known if (source.sampleName or "").lower() == name.strip().lower()]
            return next(iter(exact or loose), None)

        # -- getting it ------------------------------------------------------------------------------------------

        def downloadSamples(self, sampleName: str) -> list[Any]:
            """Load a sample; its nodes."""
            source = self.sourceForSampleName(sampleName)
            if source is None:
                names = ", ".join(str(one.sampleName) for group in sources.values() for one in group)
                raise NotFoundError(f"sampledata {sampleName} was not found; there are {names}")
            return self.downloadFromSource(source)

        def downloadSample(self, sampleName: str) -> Any:
            """Load a sample; its first node."""
            return self.downloadSamples(sampleName)[0]

        def downloadFromSource(self, source: SampleDataSource, maximumAttemptsCount: int = 3) -> list[Any]:
            """Load what a source names; its nodes, or the paths where it names no nodes."""
            if source.customDownloader is not None:
                source.customDownloader(source)
                return []
            files = source.files()
            name = source.sampleName or ", ".join(file.file for file in files)
            self.logMessage(f"Getting {name}")
            paths = [str(path) for path in desk.fetch(name, files)]
            if not any(file.node for file in files):
                return paths
            result = desk.perform(LoadSample(name, files, paths))
            self.logMessage(f"Loaded {name}")
            return [desk.scene.GetNodeByID(node.id) for node in result.nodes]

        def downloadFromURL(
            self, uris: Any = None, fileNames: Any = None, nodeNames: Any = None, checksums: Any = None, loadFiles: Any = None,
            customDownloader: Any = None, loadFileTypes: Any = None, loadFileProperties: dict[str, Any] | None = None,
        ) -> list[Any]:  # fmt: skip
            """Load files from URLs; the nodes, or the paths where no nodes are named."""
            return self.downloadFromSource(
                SampleDataSource(
                    None, None, uris, fileNames, nodeNames, checksums, loadFiles, customDownloader, None, loadFileTypes,
                    loadFileProperties,
                )
            )  # fmt: skip

        def downloadFileIntoCache(self, uri: str, name: str, checksum: str | None = None) -> str:
            """The path of a file from a URL."""
            return str(desk.fetch(name, [SampleFile(name, checksum or "", url=uri)])[0])

        downloadMRHead = _short("MRHead")
        downloadCTChest = _short("CTChest")
        downloadCTACardio = _short("CTACardio")
        downloadDTIBrain = _short("DTIBrain")
        downloadMRBrainTumor1 = _short("MRBrainTumor1")
        downloadMRBrainTumor2 = _short("MRBrainTumor2")
        downloadWhiteMatterExplorationBaselineVolume = _short("BaselineVolume")
        downloadWhiteMatterExplorationDTIVolume = _short("DTIVolume")
        downloadDiffusionMRIDWIVolume = _short("DWIVolume")
        downloadAbdominalCTVolume = _short("CTAAbdomenPanoramix")
        downloadDentalSurgery = _short("CBCTDentalSurgery", whole=True)
        downloadMRUSPostate = _short("MRUSProstate", whole=True)  # spelt as in Slicer

    logic = SampleDataLogic()
    return make_module(
        "SampleData", "Slicer's sample data.", SampleDataLogic=SampleDataLogic, SampleDataSource=SampleDataSource,
        downloadSample=logic.downloadSample, downloadSamples=logic.downloadSamples, downloadFromURL=logic.downloadFromURL,
        sources=sources,
    )  # fmt: skip


def _short(name: str, whole: bool = False) -> Callable[[Any], Any]:
    def download(self: Any) -> Any:
        nodes: Sequence[Any] = self.downloadSamples(name)
        return list(nodes) if whole else nodes[0]

    download.__doc__ = f"Load {name}."
    return download
