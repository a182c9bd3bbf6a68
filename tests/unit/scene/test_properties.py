"""Reading VTK's print by the rules of Slicer's web server."""

from __future__ import annotations

import pytest
import slicer
import vtk

from backend.scene.properties import parse_print, properties_of, value_of

PRINT = """vtkMRMLThing (0x5581)
  ID: vtkMRMLThingNode1
  Debug: false
  Description: (none)
  Spacing: (1, 1, 1.3)
  IJKToRASDirections:
    1 0 0
    0 1 0
  Segmentation:    Debug: Off
    Modified Time: 12
    Segments:
      Segment_1:
        Name: ribs: left
        Extent: 0 124 0 127 0 33
      Segment_2:
        Name: 5
  Registered Events:
    Registered Observers:
      vtkObserver (0x1)
        Event: 33
  Information: 0x558
  Transform: vtkTransform at 0x558abc
  ViewNodeIDs : ("")
  Last:   7
stray: 3
"""


def test_nesting_follows_indentation() -> None:
    assert parse_print(PRINT) == {
        "ID": "vtkMRMLThingNode1",
        "Debug": False,
        "Spacing": [1.0, 1.0, 1.3],
        "IJKToRASDirections": "",
        "Segmentation": {
            "Modified Time": 12,
            "Segments": {"Segment_1": {"Name": "ribs: left", "Extent": [0, 124, 0, 127, 0, 33]}, "Segment_2": {"Name": 5}},
        },
        "ViewNodeIDs ": '("")',
        "Last": 7,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("Off", False), ("on", True), ("7", 7), ("-7", -7), ("86.6449", 86.6449), ("1e-05", "1e-05"),
        ("(1, 2, 3)", [1, 2, 3]), ("[1,  0,  0.5]", [1.0, 0.0, 0.5]), ("1 2 3", [1, 2, 3]), ("0, 0, 0", [0, 0, 0]),
        ("(1, 1e-05)", "(1, 1e-05)"), ("1.2.840.10008", "1.2.840.10008"), ("2024-01-02", "2024-01-02"), ("", ""), ("-", "-"),
        ("()", "()"), ("word", "word"),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_texts_of_users_stay_texts() -> None:
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLTextNode", "5")
    node.SetDescription("true")
    node.SetAttribute("DICOM.UID", "1.2.3")
    node.SetAttribute("trap", "x\n  Name: other\n  ID: other")
    node.SetText("a\n  ClassName: other\n  Node references:\n    storage: other\n")
    told = properties_of(node)
    assert (told["Name"], told["Description"], told["ID"], told["ClassName"]) == ("5", "true", node.GetID(), "vtkMRMLTextNode")
    assert told["Attributes"] == {"DICOM.UID": "1.2.3", "trap": "x\n  Name: other\n  ID: other"}
    assert told["Text"] == node.GetText()
    assert told["Node references"] == {}


def test_segments_with_odd_names() -> None:
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "S")
    names = ["7", "", "true", "a\n  Segments:\n    x:\n      Name: y", "(none)"]
    for name in names:
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.SetColor(1, 0, 0.25)
        segment.AddRepresentation("Binary labelmap", slicer.vtkOrientedImageData())
        node.GetSegmentation().AddSegment(segment, f"id {len(name)}")
    told = properties_of(node)["Segmentation"]["Segments"]
    assert [segment["Name"] for segment in told.values()] == names
    assert all(segment["Color"] == [1.0, 0.0, 0.25] for segment in told.values())
    assert all(isinstance(value, float) for segment in told.values() for value in segment["Color"])


def test_labels_of_points() -> None:
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "F")
    for label in ("12", "x\n    ControlPoint[9]:\n      ID: 4"):
        node.AddControlPoint(vtk.vtkVector3d(1, 2, 3.5), label)
    points = properties_of(node)["ControlPoints"]
    assert list(points) == ["ControlPoint[0]", "ControlPoint[1]"]
    assert [point["Label"] for point in points.values()] == ["12", "x\n    ControlPoint[9]:\n      ID: 4"]
    assert points["ControlPoint[0]"]["Position"] == [1.0, 2.0, 3.5]
