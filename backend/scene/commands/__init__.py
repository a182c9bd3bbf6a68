"""What the gateway asks of a scene process and what it answers: the contract between the two, and nothing else.

Pure data (msgspec structs, MessagePack on the wire): the gateway imports this package and never loads VTK. Lengths are
millimetres in RAS, sizes are pixels, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

from backend.scene.commands.arrangement import ShowSlicesIn3D
from backend.scene.commands.base import Command, Journaling, PictureFormat, Vector3
from backend.scene.commands.console import Execute, Executed
from backend.scene.commands.content import (
    Describe,
    FollowTool,
    Load,
    LoadDemo,
    LoadResult,
    Node,
    SceneInfo,
    SelectNodes,
    Track,
    Turn,
)
from backend.scene.commands.events import AnyEvent, Beat, Progress, SceneChanged, Started, ViewChanged
from backend.scene.commands.graphics import MeshCount, MeshFormat, NodeGraphics, ViewGraphics
from backend.scene.commands.layout import Contents, GuiState, LayoutPart, SetContents, SetLayout, views_of
from backend.scene.commands.markups import (
    AddPoint,
    ListPoints,
    ListSegmentations,
    MovePoint,
    Point,
    PointList,
    PointPlaced,
    SegmentationEntry,
)
from backend.scene.commands.mrml import Clear, NodeProperties, Properties, Reload, Remove, Save, Saved
from backend.scene.commands.pictures import CancelFrames, Frame, Picture, PictureInfo, SlicePicture, ThreeDPicture
from backend.scene.commands.presets import ArrangePreset, PresetId
from backend.scene.commands.samples import FilesReady, FilesWanted, LoadSample, SampleFile, SeriesWanted, StudyWanted
from backend.scene.commands.screenshots import Screenshot
from backend.scene.commands.segments import (
    AddSegment,
    AnyEffect,
    ApplyEffect,
    CancelEffect,
    ChangeSegment,
    ChangeSegmentation,
    CreateSegmentation,
    DescribeSegmentations,
    Edited,
    FillBetween,
    Grow,
    Islands,
    KeepSegments,
    KeptSegments,
    Logical,
    Margin,
    Measured,
    Overwrite,
    Range,
    RemoveSegment,
    Rgb,
    Segment,
    Segmentation,
    SegmentSource,
    SegmentStatistics,
    Smooth,
    Stroke,
    Threshold,
    UpdateSurfaces,
    WriteSegments,
)
from backend.scene.commands.undo import GetHistory, HistoryChanged, HistoryState, NodesWent, Undo, Undone
from backend.scene.commands.viewing import (
    MAX_BOOKMARKS,
    AddBookmark,
    Bookmark,
    LayoutEntry,
    ListBookmarks,
    ListLayouts,
    ListSequences,
    LookPicture,
    RemoveBookmark,
    SequenceEntry,
    ShowItem,
)
from backend.scene.commands.views import (
    CameraPatch,
    CloseCamera,
    CropPatch,
    OpenView,
    OwnCamera,
    Pointer,
    RenderingPatch,
    Restore,
    SetView,
    SlabPatch,
    Snapshot,
    ViewInfo,
    ViewPatch,
    require_finite,
    split_patch,
)
from backend.scene.commands.volumes import PutVolume, StepVolume, VolumePut, WriteGrid, WriteVolume, Written

ViewCommand = OpenView | SetView | Pointer | OwnCamera | CloseCamera | Snapshot | Restore
PictureCommand = Frame | CancelFrames | SlicePicture | ThreeDPicture | Screenshot
ContentCommand = Describe | Load | LoadDemo | SelectNodes | Track | Turn | FollowTool
ConsoleCommand = Execute
LayoutCommand = SetLayout | SetContents | ArrangePreset
GraphicsCommand = ViewGraphics | NodeGraphics
ArrangementCommand = ShowSlicesIn3D
SampleCommand = LoadSample | FilesReady
VolumeCommand = PutVolume | WriteVolume | WriteGrid | StepVolume
MarkupsCommand = ListPoints | MovePoint | AddPoint | ListSegmentations
MrmlCommand = Properties | Save | Reload | Remove | Clear
SegmentCommand = (
    DescribeSegmentations | CreateSegmentation | ChangeSegmentation | AddSegment | ChangeSegment | RemoveSegment | Stroke
    | ApplyEffect | CancelEffect | UpdateSurfaces | SegmentStatistics | KeepSegments | KeptSegments | WriteSegments
)  # fmt: skip
HistoryCommand = GetHistory | Undo | NodesWent
ViewingCommand = LookPicture | ListLayouts | ListBookmarks | AddBookmark | RemoveBookmark | ListSequences | ShowItem
AnyCommand = (
    ViewCommand | PictureCommand | ContentCommand | ConsoleCommand | LayoutCommand | GraphicsCommand | ArrangementCommand
    | SampleCommand | VolumeCommand | MarkupsCommand | MrmlCommand | SegmentCommand | HistoryCommand | ViewingCommand
)  # fmt: skip

__all__ = [
    "MAX_BOOKMARKS",
    "AddBookmark",
    "AddPoint",
    "AddSegment",
    "AnyCommand",
    "AnyEffect",
    "AnyEvent",
    "ApplyEffect",
    "ArrangePreset",
    "ArrangementCommand",
    "Beat",
    "Bookmark",
    "CameraPatch",
    "CancelEffect",
    "CancelFrames",
    "ChangeSegment",
    "ChangeSegmentation",
    "Clear",
    "CloseCamera",
    "Command",
    "ConsoleCommand",
    "ContentCommand",
    "Contents",
    "CreateSegmentation",
    "CropPatch",
    "Describe",
    "DescribeSegmentations",
    "Edited",
    "Execute",
    "Executed",
    "FilesReady",
    "FilesWanted",
    "FillBetween",
    "FollowTool",
    "Frame",
    "GetHistory",
    "GraphicsCommand",
    "Grow",
    "GuiState",
    "HistoryChanged",
    "HistoryCommand",
    "HistoryState",
    "Islands",
    "Journaling",
    "KeepSegments",
    "KeptSegments",
    "LayoutCommand",
    "LayoutEntry",
    "LayoutPart",
    "ListBookmarks",
    "ListLayouts",
    "ListPoints",
    "ListSegmentations",
    "ListSequences",
    "Load",
    "LoadDemo",
    "LoadResult",
    "LoadSample",
    "Logical",
    "LookPicture",
    "Margin",
    "MarkupsCommand",
    "Measured",
    "MeshCount",
    "MeshFormat",
    "MovePoint",
    "MrmlCommand",
    "Node",
    "NodeGraphics",
    "NodeProperties",
    "NodesWent",
    "OpenView",
    "Overwrite",
    "OwnCamera",
    "Picture",
    "PictureCommand",
    "PictureFormat",
    "PictureInfo",
    "Point",
    "PointList",
    "PointPlaced",
    "Pointer",
    "PresetId",
    "Progress",
    "Properties",
    "PutVolume",
    "Range",
    "Reload",
    "Remove",
    "RemoveBookmark",
    "RemoveSegment",
    "RenderingPatch",
    "Restore",
    "Rgb",
    "SampleCommand",
    "SampleFile",
    "Save",
    "Saved",
    "SceneChanged",
    "SceneInfo",
    "Screenshot",
    "Segment",
    "SegmentCommand",
    "SegmentSource",
    "SegmentStatistics",
    "Segmentation",
    "SegmentationEntry",
    "SelectNodes",
    "SequenceEntry",
    "SeriesWanted",
    "SetContents",
    "SetLayout",
    "SetView",
    "ShowItem",
    "ShowSlicesIn3D",
    "SlabPatch",
    "SlicePicture",
    "Smooth",
    "Snapshot",
    "Started",
    "StepVolume",
    "Stroke",
    "StudyWanted",
    "ThreeDPicture",
    "Threshold",
    "Track",
    "Turn",
    "Undo",
    "Undone",
    "UpdateSurfaces",
    "Vector3",
    "ViewChanged",
    "ViewCommand",
    "ViewGraphics",
    "ViewInfo",
    "ViewPatch",
    "ViewingCommand",
    "VolumeCommand",
    "VolumePut",
    "WriteGrid",
    "WriteSegments",
    "WriteVolume",
    "Written",
    "require_finite",
    "split_patch",
    "views_of",
]
