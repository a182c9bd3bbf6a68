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

from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import UnreadableError
from backend.imaging.model_header import check_model
from backend.imaging.volume_header import check_complete
from backend.imaging.volume_limits import check_voxels, detached_files
from backend.scene.context import Options
from backend.scene.readers.source import require_small

FILE_ATTRIBUTE = re.compile(r"fileName|fileListMember\d+|uri|uriListMember\d+")


def require_sound_cells(mesh: Any) -> None:
    """Refuse a surface whose cells name points that it does not have: drawing it would crash.

    Raises:
        UnreadableError: saying so.
    """
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


def check_markups(path: Path, limits: Options) -> None:
    """Refuse a markups JSON file that is none, is nested without end, or holds too much.

    Raises:
        UnreadableError: saying why.
    """
    require_small(path, limits.max_text_mb)
    try:
        content = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    lists = content.get("markups") if isinstance(content, dict) else None
    if not isinstance(lists, list) or not lists or not all(isinstance(markup, dict) for markup in lists):
        raise UnreadableError("there are no markups in it")
    points = [point for markup in lists for point in _points_of(markup)]
    _require_few(len(points), limits)
    for number, point in enumerate(points):
        position = point.get("position")
        status = point.get("positionStatus", "defined")
        if position is None and status != "defined":
            continue
        if not isinstance(position, list) or len(position) != 3 or not all(_is_finite(value) for value in position):
            raise UnreadableError(f"control point {number} has no position of three numbers")


def _points_of(markup: dict[str, Any]) -> list[dict[str, Any]]:
    points = markup.get("controlPoints") or []
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise UnreadableError("its control points are no list of objects")
    return points


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require_few(count: int, limits: Options) -> None:
    if count > limits.max_control_points:
        raise UnreadableError(f"it holds {count} points; {limits.max_control_points} are allowed (setting max_control_points)")


def check_transform(path: Path, limits: Options) -> None:
    """Refuse a text transform that ends early: its reader takes half a number for a number.

    Raises:
        UnreadableError: saying so.
    """
    require_small(path, limits.max_text_mb)
    tags = [line.partition(":")[0].strip() for line in path.read_text("utf-8", "replace").splitlines()]
    if "Parameters" not in tags or tags.count("Parameters") != tags.count("FixedParameters"):
        raise UnreadableError("it is no ITK transform file, or cut short")


def check_volume(path: Path, limits: Options) -> None:
    """Refuse an image that is cut short, larger than allowed, or whose voxels lie in a file that may not be read.

    Raises:
        UnreadableError: saying why.
    """
    check_within(path.parent, detached_files(path), limits)
    check_voxels(path, limits.max_volume_mb)
    check_complete(path)


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


def check_scene(path: Path, limits: Options) -> None:
    """Refuse a `.mrml` file that is no scene, or whose files are not where it says, not its own, or cut short.

    Raises:
        UnreadableError: naming what is wrong.
    """
    require_small(path, limits.max_text_mb)
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise UnreadableError("it is not a scene: scenes declare no document types and entities")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise UnreadableError(f"it is not a scene: {error}") from error
    if root.tag != "MRML":
        raise UnreadableError(f"it is not a scene but {root.tag!r}")
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
