"""What must be so before a native reader sees a file: readers make up what is missing, or crash."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import UnreadableError
from backend.imaging.model_header import check_model
from backend.imaging.volume_header import check_complete
from backend.imaging.volume_limits import check_voxels, detached_files
from backend.scene.context import Options
from backend.scene.readers.markups_json import require_sound_markup
from backend.scene.readers.source import require_small

VP_FUNCTIONS = 3  # of a volume property: opacity, gradient opacity, colour
MOST_COLORS = 1 << 20
FILE_ATTRIBUTE = re.compile(r"fileName|fileListMember\d+|uri|uriListMember\d+")


def require_sound_cells(mesh: Any) -> None:
    """Refuse a surface whose cells name points that it does not have, or whose points are nowhere: drawing it would crash.

    Raises:
        UnreadableError: saying so.
    """
    if not np.isfinite(vtk_to_numpy(mesh.GetPoints().GetData())).all():
        raise UnreadableError("some of its points are no numbers")
    for cells in (mesh.GetVerts(), mesh.GetLines(), mesh.GetPolys(), mesh.GetStrips()):
        if cells.GetNumberOfConnectivityIds():
            points = vtk_to_numpy(cells.GetConnectivityArray())
            if points.min() < 0 or points.max() >= mesh.GetNumberOfPoints():
                raise UnreadableError("its faces name points that it does not have; it may be damaged or cut short")


def check_points(path: Path, limits: Options) -> None:
    """Refuse an `.fcsv` file whose lines are no points: its reader would make points at the origin of them.

    Raises:
        UnreadableError: naming the line.
    """
    require_small(path, limits.max_text_mb)
    lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
    columns = next((line.count(",") for line in lines if line.startswith("# columns")), None)
    points = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    if not points and (columns is None or not lines[-1].endswith("\n")):
        raise UnreadableError("there are no points in it")
    _require_few(len(points), limits)
    for number, line in points:
        cut = not line.endswith("\n") and line.count(",") < (columns or 0)
        try:
            _x, _y, _z = (float(word) for word in line.split(",")[1:4])
        except ValueError:
            cut = True
        if cut:
            raise UnreadableError(f"line {number} is no point: {line.strip()[:80]!r}")


def read_json(path: Path, limits: Options) -> Any:
    """A JSON file that native readers can be given too: they follow any depth until their stack ends.

    Raises:
        UnreadableError: too large, nested too deep, or no JSON.
    """
    require_small(path, limits.max_text_mb)
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error


def check_markups(path: Path, limits: Options) -> None:
    """Refuse a markups JSON file that is none, is nested without end, or holds too much.

    Raises:
        UnreadableError: saying why.
    """
    content = read_json(path, limits)
    lists = content.get("markups") if isinstance(content, dict) else None
    if not isinstance(lists, list) or not lists:
        raise UnreadableError("there are no markups in it")
    _require_few(sum(require_sound_markup(markup) for markup in lists), limits)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _require_few(count: int, limits: Options) -> None:
    if count > limits.max_control_points:
        raise UnreadableError(f"it holds {count} points; {limits.max_control_points} are allowed (setting max_control_points)")


def check_transform(path: Path, limits: Options) -> None:
    """Refuse a text transform that ends early: its reader takes half a number for a number.

    Raises:
        UnreadableError: saying so.
    """
    require_small(path, limits.max_text_mb)
    fields = [line.partition(":") for line in path.read_text("utf-8", "replace").splitlines()]
    tags = [tag.strip() for tag, _colon, _value in fields]
    if "Parameters" not in tags or tags.count("Parameters") != tags.count("FixedParameters"):
        raise UnreadableError("it is no ITK transform file, or cut short")
    kind, count = "", 0
    for tag, _colon, value in fields:
        if tag.strip() == "Transform":
            kind = value.strip()
        elif tag.strip() == "Parameters":
            count = len(value.split())
        elif tag.strip() == "FixedParameters" and kind.startswith("BSpline") and kind.endswith("3_3"):
            _check_spline(value.split()[:3], count)


def transform_kinds(path: Path) -> list[str]:
    """ITK's class names of the transforms in a text file."""
    lines = path.read_text("utf-8", "replace").splitlines()
    return [value.strip() for tag, _colon, value in (line.partition(":") for line in lines) if tag.strip() == "Transform"]


def _check_spline(sizes: list[str], count: int) -> None:
    """A B-spline has three coefficients for each point of its grid; its reader does not count them."""
    try:
        points = math.prod(int(float(size)) for size in sizes)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"the sizes of its grid are no numbers: {sizes}") from error
    if count != 3 * points:
        raise UnreadableError(f"a grid of {points} points needs {3 * points} parameters, not {count}; it may be cut short")


def check_transfer_function(path: Path, limits: Options) -> None:
    """Refuse a `.vp` file whose lists are not as long as they say: its reader makes up what is missing.

    Raises:
        UnreadableError: naming the line.
    """
    require_small(path, limits.max_text_mb)
    lines = path.read_text("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            words = [float(word) for word in line.split()]
        except ValueError as error:
            raise UnreadableError(f"line {number} holds something else than numbers: {line.strip()[:80]!r}") from error
        if not all(math.isfinite(word) for word in words) or (len(words) > 1 and words[0] != len(words) - 1):
            raise UnreadableError(f"line {number} is not as long as it says")
    if sum(len(line.split()) > 1 for line in lines) < VP_FUNCTIONS:
        raise UnreadableError("it is no volume property, or cut short")


def check_volume(path: Path, limits: Options) -> None:
    """Refuse an image that is cut short, larger than allowed, or whose voxels lie in a file that may not be read.

    Raises:
        UnreadableError: saying why.
    """
    check_within(path.parent, detached_files(path), limits)
    check_voxels(path, limits.max_volume_mb)
    check_complete(path)


def _check_nodes(root: ElementTree.Element) -> None:
    """Refuse what readers allocate or follow without end: huge colour tables, transforms that lead back to themselves."""
    parents: dict[str, str] = {}
    for node in root.iter():
        count = node.get("numcolors", "0")
        if not count.strip().isdigit() or int(count) > MOST_COLORS:
            raise UnreadableError(f"a colour table in it has {count!r} colours; up to {MOST_COLORS} can be read")
        parent = node.get("transformNodeRef") or dict(
            reference.partition(":")[::2] for reference in node.get("references", "").split(";")
        ).get("transform", "")
        if parent.strip():
            parents[node.get("id", "")] = parent.split()[0]
    for start in parents:
        seen: set[str] = set()
        at = start
        while at in parents and at not in seen:
            seen.add(at)
            at = parents[at]
        if at in seen:
            raise UnreadableError(f"transform {at!r} in it leads back to itself")


def check_file(path: Path, limits: Options) -> None:
    """Every check that is known for a file of this ending.

    Raises:
        UnreadableError: one of them failed.
    """
    name = path.name.lower()
    check_model(path)
    check_volume(path, limits)
    if name.endswith(".mrk.json"):
        check_markups(path, limits)
    elif name.endswith(".fcsv"):
        check_points(path, limits)
    elif name.endswith(".tfm"):
        check_transform(path, limits)
    elif name.endswith(".vp"):
        check_transfer_function(path, limits)
    elif name.endswith(".json"):
        read_json(path, limits)


def check_within(folder: Path, files: Iterable[Path], limits: Options) -> None:
    """Refuse files that lie, links resolved, neither below `folder` nor below a folder that requests may use.

    Raises:
        UnreadableError: naming the file as it was given.
    """
    roots = [folder.resolve(), *(Path(allowed).expanduser().resolve() for allowed in limits.allow_path)]
    for file in files:
        resolved = file.resolve()
        if not any(root in resolved.parents for root in roots):
            raise UnreadableError(
                f"it refers to {file.name} outside its own folder; start the server with --allow-path FOLDER to allow that"
            )


def check_blocks(path: Path, limits: Options) -> None:
    """Refuse a `.vtm` file that is none, or whose blocks lie where they may not be read.

    Raises:
        UnreadableError: saying why.
    """
    names = [name for element in read_xml(path, limits).iter() if (name := element.get("file"))]
    files = [path.parent / name for name in names]
    check_within(path.parent, files, limits)
    missing = [name for name, file in zip(names, files, strict=True) if not file.is_file()]
    if missing:
        raise UnreadableError(f"it needs files that are not there: {', '.join(missing[:5])}")


def read_xml(path: Path, limits: Options) -> ElementTree.Element:
    """The root of an XML file without document type and entities.

    Raises:
        UnreadableError: too large, or no such XML.
    """
    require_small(path, limits.max_text_mb)
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise UnreadableError("it declares document types or entities, which are not read")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise UnreadableError(f"it is no XML: {error}") from error


def check_scene(path: Path, limits: Options) -> None:
    """Refuse a `.mrml` file that is no scene, or whose files are not where it says, not its own, or cut short.

    Raises:
        UnreadableError: naming what is wrong.
    """
    root = read_xml(path, limits)
    if root.tag != "MRML":
        raise UnreadableError(f"it is not a scene but {root.tag!r}")
    _check_nodes(root)
    names = [unquote(value) for node in root.iter() for key, value in node.items() if value and FILE_ATTRIBUTE.fullmatch(key)]
    remote = [name for name in names if "://" in name and urlsplit(name).scheme != "file"]
    if remote:
        raise UnreadableError(f"it needs files of other servers, which are not fetched: {', '.join(remote[:5])}")
    files = [path.parent / (urlsplit(name).path if name.startswith("file:") else name) for name in names]
    check_within(path.parent, files, limits)
    missing = [name for name, file in zip(names, files, strict=True) if not file.exists()]
    if missing:
        raise UnreadableError(f"it needs files that are not there: {', '.join(missing[:5])}")
    for file in files:
        if file.is_file():
            check_file(file, limits)
