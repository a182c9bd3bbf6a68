"""What the gateway asks of a scene process and what it answers: the contract between the two, and nothing else.

Pure data (msgspec structs, MessagePack on the wire): the gateway imports this package and never loads VTK. Lengths are
millimetres in RAS, sizes are pixels, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

from backend.scene.commands.annotations import (
    ChangeMarkup,
    DropMarkup,
    ListMarkups,
    MakeMarkup,
    MarkupKind,
    MarkupPatch,
    MarkupsChanged,
    MarkupState,
    Measurement,
    RestoreMarkups,
)
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
from backend.scene.commands.probing import (
    CropBy,
    Pick,
    Picked,
    Probe,
    Probed,
    ProbedLayer,
    ProbedSegment,
    Statistics,
    StatisticsOf,
)
from backend.scene.commands.samples import FilesReady, FilesWanted, LoadSample, SampleFile, SeriesWanted, StudyWanted
from backend.scene.commands.screenshots import Screenshot
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
AnnotationCommand = ListMarkups | MakeMarkup | ChangeMarkup | DropMarkup | RestoreMarkups
ProbingCommand = Probe | Pick | Statistics | CropBy
MrmlCommand = Properties | Save | Reload | Remove | Clear
ViewingCommand = LookPicture | ListLayouts | ListBookmarks | AddBookmark | RemoveBookmark | ListSequences | ShowItem
HistoryCommand = GetHistory | Undo | NodesWent
AnyCommand = (
    ViewCommand | ViewingCommand | PictureCommand | ContentCommand | VolumeCommand | MarkupsCommand | MrmlCommand
    | ConsoleCommand | SampleCommand | ArrangementCommand | LayoutCommand | GraphicsCommand | HistoryCommand
    | AnnotationCommand | ProbingCommand
)  # fmt: skip

__all__ = [
    "MAX_BOOKMARKS",
    "AddBookmark",
    "AddPoint",
    "AnnotationCommand",
    "AnyCommand",
    "AnyEvent",
    "ArrangePreset",
    "ArrangementCommand",
    "Beat",
    "Bookmark",
    "CameraPatch",
    "CancelFrames",
    "ChangeMarkup",
    "Clear",
    "CloseCamera",
    "Command",
    "ConsoleCommand",
    "ContentCommand",
    "Contents",
    "CropBy",
    "CropPatch",
    "Describe",
    "DropMarkup",
    "Execute",
    "Executed",
    "FilesReady",
    "FilesWanted",
    "FollowTool",
    "Frame",
    "GetHistory",
    "GraphicsCommand",
    "GuiState",
    "HistoryChanged",
    "HistoryCommand",
    "HistoryState",
    "Journaling",
    "LayoutCommand",
    "LayoutEntry",
    "LayoutPart",
    "ListBookmarks",
    "ListLayouts",
    "ListMarkups",
    "ListPoints",
    "ListSegmentations",
    "ListSequences",
    "Load",
    "LoadDemo",
    "LoadResult",
    "LoadSample",
    "LookPicture",
    "MakeMarkup",
    "MarkupKind",
    "MarkupPatch",
    "MarkupState",
    "MarkupsChanged",
    "MarkupsCommand",
    "Measurement",
    "MeshCount",
    "MeshFormat",
    "MovePoint",
    "MrmlCommand",
    "Node",
    "NodeGraphics",
    "NodeProperties",
    "NodesWent",
    "OpenView",
    "OwnCamera",
    "Pick",
    "Picked",
    "Picture",
    "PictureCommand",
    "PictureFormat",
    "PictureInfo",
    "Point",
    "PointList",
    "PointPlaced",
    "Pointer",
    "PresetId",
    "Probe",
    "Probed",
    "ProbedLayer",
    "ProbedSegment",
    "ProbingCommand",
    "Progress",
    "Properties",
    "PutVolume",
    "Reload",
    "Remove",
    "RemoveBookmark",
    "RenderingPatch",
    "Restore",
    "RestoreMarkups",
    "SampleCommand",
    "SampleFile",
    "Save",
    "Saved",
    "SceneChanged",
    "SceneInfo",
    "Screenshot",
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
    "Snapshot",
    "Started",
    "Statistics",
    "StatisticsOf",
    "StepVolume",
    "StudyWanted",
    "ThreeDPicture",
    "Track",
    "Turn",
    "Undo",
    "Undone",
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
    "WriteVolume",
    "Written",
    "require_finite",
    "split_patch",
    "views_of",
]
