"""What the users of the picture routes need to know, below `/slicer` and at the root alike."""

from __future__ import annotations

from backend.http.routes import Operation, Param

IMAGES = ("image/png", "image/jpeg", "image/webp")
ANY = ("GET", "POST", "PUT")
FMT = Param("fmt", "picture format; by Accept where absent", choices=("png", "jpeg", "webp"))
QUALITY = Param("quality", "of JPEG and WebP", "number", default=85, minimum=1, maximum=100)
SIZE = Param("size", "side of the square picture, or `native`", default="native", unit="pixels")
CLIENT = Param("client", "any word: of this client's waiting requests for one view only the newest is drawn")
SLICE_PARAMS = (
    Param(
        "view",
        "slice view, any case: red, yellow, green, and those of layouts used before, such as slice4 or red%2B",
        default="red",
    ),
    Param("orientation", "turn and refit the view", choices=("axial", "sagittal", "coronal")),
    Param("scrollTo", "position in the background volume, from its one side to the other", "number", minimum=0, maximum=1),
    Param("offset", "position along the normal", "number", unit="mm"),
    Param("mode", "`start` keeps the offset that those of later requests with `drag` are added to", choices=("start", "drag")),
    Param("copySliceGeometryFrom", "take plane and zoom from this view"),
    Param(
        "slab",
        "gather what lies within `thickness` of the plane: greatest, least, mean or sum of the samples; lasts",
        choices=("off", "mip", "minip", "mean", "sum"),
    ),
    Param("thickness", "of the slab, half of it on either side of the plane; lasts", "number", default=1, unit="mm"),
    SIZE,
    Param("overlays", "draw segmentations and markups too", "boolean", default=False),
    Param("labels", "draw patient directions at the edges", "boolean", default=False),
    FMT,
    QUALITY,
    CLIENT,
)
THREED_PARAMS = (
    Param("view", "3D view: 1, and 2 or 3 once a layout has shown them", default="1"),
    Param(
        "lookFromAxis",
        "side to look from; only the first letter counts",
        choices=("right", "left", "anterior", "posterior", "superior", "inferior"),
    ),
    SIZE,
    Param("mode", "`start` keeps the camera that later moves are relative to"),
    *(
        Param(name, "relative move", "number", unit="fraction of the view")
        for name in ("roll", "panX", "panY", "orbitX", "orbitY")
    ),
    FMT,
    QUALITY,
    CLIENT,
)
TRACKING_PARAMS = (
    Param("m", "9 numbers, rotation by rows, or 16, column by column"),
    Param("p", "x,y,z RAS mm"),
    Param("q", "w,x,y,z"),
    Param("fmt", "picture format or text"),
)
TIME_PARAMS = (Param("color", "hex digits of the border", default="330"), Param("t", "echoed in X-Echo"))


def picture_operations(root: str, tag: str) -> dict[str, Operation]:
    """The four picture routes below `root`, by the name of the method of `Pictures` that answers."""
    texts = ("text/plain",) if root else ()
    return {
        "slice": Operation(f"{root}/slice", "A slice view as a picture", ANY, tag, SLICE_PARAMS, IMAGES),
        "threed": Operation(f"{root}/threeD", "The 3D view as a picture", ANY, tag, THREED_PARAMS, IMAGES),
        "timeimage": Operation(f"{root}/timeimage", "The server's time as a picture", ANY, tag, TIME_PARAMS, ("image/png",)),
        "tracking": Operation(
            f"{root}/tracking", "Move the tracked tool's cursor; at the root, picture the 3D view with it", ANY, tag,
            TRACKING_PARAMS, (*texts, *IMAGES),
        ),
    }  # fmt: skip
