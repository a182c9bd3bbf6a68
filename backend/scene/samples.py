"""What sample data there is: Slicer's own by its names, files and checksums, and what a site adds. Plain data, no downloads."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from backend.errors import BadRequestError, NotFoundError
from backend.scene.commands import SampleFile

HASHED_AT_A_TIME = 1 << 20
ALGORITHMS = {"MD5": 32, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128}  # hex digits of each
FILE_NAME = re.compile(r"[\w+-][\w.+ -]{0,120}\Z")


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name and the files behind it; `category` as Slicer's SampleData module sorts them."""

    name: str
    files: list[SampleFile]
    category: str = "BuiltIn"


def _one(file: str, sha256: str, node: str = "", kind: str = "VolumeFile") -> SampleFile:
    return SampleFile(file, f"SHA256:{sha256}", node, kind if node else "")


BUILT_IN: tuple[Sample, ...] = (
    Sample("MRHead", [
        _one("MR-head.nrrd", "cc211f0dfd9a05ca3841ce1141b292898b2dd2d3f08286affadf823a7e58df93", "MRHead")]),
    Sample("CTChest", [
        _one("CT-chest.nrrd", "4507b664690840abb6cb9af2d919377ffc4ef75b167cb6fd0f747befdb12e38e", "CTChest")]),
    Sample("CTACardio", [
        _one("CTA-cardio.nrrd", "3b0d4eb1a7d8ebb0c5a89cc0504640f76a030b4e869e33ff34c564c3d3b88ad2", "CTACardio")]),
    Sample("DTIBrain", [
        _one("DTI-Brain.nrrd", "5c78d00c86ae8d968caa7a49b870ef8e1c04525b1abc53845751d8bce1f0b91a", "DTIBrain")]),
    Sample("MRBrainTumor1", [
        _one("RegLib_C01_1.nrrd", "998cb522173839c78657f4bc0ea907cea09fd04e44601f17c82ea27927937b95", "MRBrainTumor1")]),
    Sample("MRBrainTumor2", [
        _one("RegLib_C01_2.nrrd", "1a64f3f422eb3d1c9b093d1a18da354b13bcf307907c66317e2463ee530b7a97", "MRBrainTumor2")]),
    Sample("BaselineVolume", [
        _one("BaselineVolume.nrrd", "dff28a7711d20b6e16d5416535f6010eb99fd0c8468aaa39be4e39da78e93ec2", "BaselineVolume")]),
    Sample("DTIVolume", [
        _one("DTIVolume.raw.gz", "d785837276758ddd9d21d76a3694e7fd866505a05bc305793517774c117cb38d"),
        _one("DTIVolume.nhdr", "67564aa42c7e2eec5c3fd68afb5a910e9eab837b61da780933716a3b922e50fe", "DTIVolume")]),
    Sample("DWIVolume", [
        _one("dwi.raw.gz", "cf03fd53583dc05120d3314d0a82bdf5946799b1f72f2a7f08963f3fd24ca692"),
        _one("dwi.nhdr", "7666d83bc205382e418444ea60ab7df6dba6a0bd684933df8809da6b476b0fed", "dwi")]),
    Sample("CTAAbdomenPanoramix", [
        _one("Panoramix-cropped.nrrd", "146af87511520c500a3706b7b2bfb545f40d5d04dd180be3a7a2c6940e447433",
             "Panoramix-cropped")]),
    Sample("CBCTDentalSurgery", [
        _one("PreDentalSurgery.gipl.gz", "7bfa16945629c319a439f414cfb7edddd2a97ba97753e12eede3b56a0eb09968",
             "PreDentalSurgery"),
        _one("PostDentalSurgery.gipl.gz", "4cdc3dc35519bb57daeef4e5df89c00849750e778809e94971d3876f95cc7bbd",
             "PostDentalSurgery")]),
    Sample("MRUSProstate", [
        _one("Case10-MR.nrrd", "4843cdc9ea5d7bcce61650d1492ce01035727c892019339dca726380496896aa", "MRProstate"),
        _one("case10_US_resampled.nrrd", "34decf58b1e6794069acbe947b460252262fe95b6858c5e320aeab03bc82ebb2", "USProstate")]),
    Sample("CTMRBrain", [
        _one("CT-brain.nrrd", "6a5b6caccb76576a863beb095e3bfb910c50ca78f4c9bf043aa42f976cfa53d1", "CTBrain"),
        _one("MR-brain-T1.nrrd", "2da3f655ed20356ee8cdf32aa0f8f9420385de4b6e407d28e67f9974d7ce1593", "MRBrainT1"),
        _one("MR-brain-T2.nrrd", "fa1fe5910a69182f2b03c0150d8151ac6c75df986449fb5a6c5ae67141e0f5e7", "MRBrainT2")]),
    Sample("CBCTMRHead", [
        _one("DZ-CBCT.nrrd", "4ce7aa75278b5a7b757ed0c8d7a6b3caccfc3e2973b020532456dbc8f3def7db", "DZ-CBCT"),
        _one("DZ-MR.nrrd", "b5e9f8afac58d6eb0e0d63d059616c25a98e0beb80f3108410b15260a6817842", "DZ-MR")]),
    Sample("CTLiver", [
        _one("CTLiver.nrrd", "e16eae0ae6fefa858c5c11e58f0f1bb81834d81b7102e021571056324ef6f37e", "CTLiver")]),
    Sample("CTPCardioSeq", [
        _one("CTP-cardio.seq.nrrd", "7fbb6ad0aed9c00820d66e143c2f037568025ed63db0a8db05ae7f26affeb1c2", "CTPCardioSeq",
             "SequenceFile")]),
    Sample("CTCardioSeq", [
        _one("CT-cardio.seq.nrrd", "d1a1119969acead6c39c7c3ec69223fa2957edc561bc5bf384a203e2284dbc93", "CTCardioSeq",
             "SequenceFile")]),
    Sample("TinyPatient", [
        _one("TinyPatient_CT.nrrd", "c0743772587e2dd4c97d4e894f5486f7a9a202049c8575e032114c0a5c935c3b", "TinyPatient_CT"),
        _one("TinyPatient_Structures.seg.nrrd", "3243b62bde36b1db1cdbfe204785bd4bc1fbb772558d5f8cac964cda8385d470",
             "TinyPatient_Segments", "SegmentationFile")], "Development"),
)  # fmt: skip


class Catalogue:
    """Samples by name: Slicer's own, and those of a site's file, which replace Slicer's of the same name."""

    def __init__(self, file: Path | None = None) -> None:
        """`file`: JSON, a list of samples as docs/sample-data.md shows.

        Raises:
            BadRequestError: the file can not be read, saying why.
        """
        self._samples = {sample.name: sample for sample in BUILT_IN}
        if file is not None:
            self._samples.update((sample.name, sample) for sample in _read(file))

    def all(self) -> list[Sample]:
        """Every sample, Slicer's first."""
        return list(self._samples.values())

    def find(self, name: str) -> Sample:
        """A sample by its name, exactly, or else in any case.

        Raises:
            NotFoundError: there is none of this name.
        """
        found = self._samples.get(name)
        if found is None:
            loose = [sample for sample in self._samples.values() if sample.name.lower() == name.strip().lower()]
            if not loose:
                raise NotFoundError(f"sampledata {name} was not found; there are {', '.join(self._samples)}")
            found = loose[0]
        return found


def _read(file: Path) -> list[Sample]:
    try:
        samples = msgspec.json.decode(file.expanduser().read_bytes(), type=list[Sample])
    except (OSError, msgspec.DecodeError) as error:
        raise BadRequestError(f"the catalogue of sample data {file} can not be used: {error}") from error
    for sample in samples:
        if not sample.files:
            raise BadRequestError(f"{file}: the sample {sample.name!r} has no files")
        for one in sample.files:
            check_file(one)
            if not one.checksum:
                raise BadRequestError(f"{file}: {one.file} has no checksum")
    return samples


def check_file(file: SampleFile) -> None:
    """Refuse what would not stay in its folder, or has a checksum that is none.

    Raises:
        BadRequestError: saying which.
    """
    if not FILE_NAME.match(file.file):
        raise BadRequestError(f"no good file name: {file.file!r}")
    if file.checksum:
        algorithm = file.checksum.partition(":")[0].upper()
        digits = ALGORITHMS.get(algorithm)
        if digits is None or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", file.digest):
            raise BadRequestError(f"no good checksum: {file.checksum!r}; it must be ALGORITHM:digest, such as SHA256:0123…")


def is_genuine(path: Path, file: SampleFile) -> bool:
    """Whether a file on disk has the checksum it should have."""
    algorithm = file.checksum.partition(":")[0].lower()
    summed = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(HASHED_AT_A_TIME):
            summed.update(piece)
    return summed.hexdigest() == file.digest
