"""Slicer's interface in users' Python: the calls that public clients make, each by what it does to the scene."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import nrrd
import numpy as np
import pytest
from PIL import Image

from tests.support.dicom_phantom import write_series
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.sample_store import SampleServer, write_catalogue

DIMS = (40, 32, 24)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    matrix = centred(np.eye(3), (2.0, 2.0, 3.0), DIMS)
    return write_nrrd(tmp_path_factory.mktemp("phantom") / "Octants.nrrd", octant_volume(matrix, DIMS), matrix)


@pytest.fixture(scope="module")
def server(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    store = SampleServer()
    digest = store.add(phantom)
    names = ("MRHead", "CTChest", "CTACardio", "MRBrainTumor1", "MRBrainTumor2")
    samples = {
        name: [{"file": f"{name}.nrrd", "checksum": f"SHA256:{digest}", "node": name, "type": "VolumeFile"}] for name in names
    }
    catalogue = write_catalogue(tmp_path_factory.mktemp("catalogue") / "samples.json", samples)
    live = LiveServer(
        phantom, enable_exec=True, sample_urls=[store.url], sample_catalogue=str(catalogue), url_allow_private=True
    ).wait()
    yield live
    live.stop()
    store.close()


@pytest.fixture(autouse=True)
def _fresh(server: LiveServer, phantom: Path) -> None:
    do(server, f"slicer.mrmlScene.Clear(0); volume = slicer.util.loadVolume({str(phantom)!r})")


def do(server: LiveServer, source: str) -> Any:
    answer = server.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 200, answer.json()["message"]
    return answer.json()


def refused(server: LiveServer, source: str) -> str:
    answer = server.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 500, answer.body
    return str(answer.json()["message"])


# -- sample data -------------------------------------------------------------------------------------------------------


def test_the_line_of_the_documentation_works_as_written(server: LiveServer, tmp_path: Path) -> None:
    line = (
        'curl -X POST localhost:2016/slicer/exec --data "\\\n'
        "import SampleData; volumeNode = SampleData.SampleDataLogic().downloadMRHead(); \\\n"
        "slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView); \\\n"
        "__execResult = {'volumeNodeID': volumeNode.GetID()} \\\n"
        '"\n'
    )
    script = line.replace("localhost:2016", f"localhost:{server.port}").replace("curl", "curl -s")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == '{"volumeNodeID": "vtkMRMLScalarVolumeNode2"}'
    assert server.get("/api/scene").json()["layout"] == "OneUpRedSlice"
    assert "MRHead" in server.get("/slicer/mrml/names").json()
    do(server, "slicer.app.layoutManager().setLayout(3)")


@pytest.mark.parametrize("name", ["MRHead", "CTChest", "CTACardio", "MRBrainTumor1", "MRBrainTumor2"])
def test_samples_by_method_and_by_name(server: LiveServer, name: str) -> None:
    source = f"import SampleData\nn = SampleData.SampleDataLogic().download{name}()\nm = SampleData.downloadSample('{name}')\n"
    names = do(server, source + "__execResult = [n.GetName(), m.GetName(), n.GetStorageNode() is None, n.GetClassName()]")
    assert names == [name, f"{name}_1", True, "vtkMRMLScalarVolumeNode"]
    red = do(
        server, "__execResult = slicer.app.layoutManager().sliceWidget('Red').mrmlSliceCompositeNode().GetBackgroundVolumeID()"
    )
    assert red == do(server, "__execResult = m.GetID()")


def test_unknown_samples_and_files_of_ones_own(server: LiveServer, phantom: Path) -> None:
    assert "sampledata Nope was not found" in refused(server, "import SampleData; SampleData.downloadSample('Nope')")
    assert "can not be had" in refused(server, "import SampleData; SampleData.downloadSample('CTLiver')")
    found = do(
        server,
        "import SampleData\nurl = SampleData.SampleDataLogic().sourceForSampleName('MRHead')\n"
        "source = SampleData.SampleDataSource(nodeNames='fixed', fileNames='fixed.nrrd', uris='', checksums=url.checksums[0])\n"
        "n = SampleData.SampleDataLogic().downloadFromSource(source)[0]\n"
        "p = SampleData.SampleDataLogic().downloadFromSource(SampleData.SampleDataSource(fileNames='f.nrrd', uris='',"
        " checksums=url.checksums[0]))\n__execResult = [n.GetName(), os.path.basename(p[0]), os.path.getsize(p[0])]",
    )
    assert found == ["fixed", "f.nrrd", phantom.stat().st_size]


# -- views and layouts -------------------------------------------------------------------------------------------------


def test_application_and_layout(server: LiveServer) -> None:
    found = do(
        server,
        "slicer.app.processEvents()\nlm = slicer.app.layoutManager()\n"
        "__execResult = dict(version=slicer.app.applicationVersion, names=sorted(lm.sliceViewNames()),"
        " count=lm.threeDViewCount, scene=slicer.app.mrmlScene() is slicer.mrmlScene,"
        " logic=slicer.app.applicationLogic().GetClassName(),"
        " temporary=os.path.isdir(slicer.app.temporaryPath), none=lm.sliceWidget('Nope') is None,"
        " far=lm.threeDWidget(7) is None)",
    )
    assert found["version"] == server.get("/slicer/system/version").json()["applicationVersion"]
    assert found["names"] == ["Green", "Red", "Yellow"]
    assert (found["count"], found["scene"], found["temporary"], found["none"], found["far"]) == (1, True, True, True, True)
    assert found["logic"] == "vtkSlicerApplicationLogic"


def test_every_layout_by_its_constant(server: LiveServer) -> None:
    for name in ("FourUp", "Conventional", "OneUp3D", "OneUpRedSlice", "SideBySide", "TabbedSlice"):
        do(server, f"slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayout{name}View)")
        assert server.get("/api/scene").json()["layout"] == name
    do(server, "slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)")


def test_slice_widgets_move_the_pictures(server: LiveServer) -> None:
    do(server, "slicer.app.layoutManager().sliceWidget('Red').sliceLogic().SetSliceOffset(10.5)")
    above = server.get("/slice?view=red").body
    source = (
        "w = slicer.app.layoutManager().sliceWidget('Red')\nc = w.sliceController()\nc.setSliceOffsetValue(-10.5)\n"
        "__execResult = [c.sliceOffset(), w.sliceLogic().GetSliceOffset(), w.mrmlSliceNode().GetID(), w.sliceOrientation,"
        " w.mrmlSliceCompositeNode().GetID(), w.sliceView().mrmlSliceNode().GetName()]"
    )
    assert do(server, source) == [-10.5, -10.5, "vtkMRMLSliceNodeRed", "Axial", "vtkMRMLSliceCompositeNodeRed", "Red"]
    assert server.get("/slice?view=red").body != above
    do(server, "w.setSliceOrientation('Sagittal'); w.fitSliceToBackground()")
    assert do(server, "__execResult = w.mrmlSliceNode().GetOrientation()") == "Sagittal"
    assert "unknown slice orientation" in refused(server, "c.setSliceOrientation('Sideways')")
    do(server, "c.setSliceVisible(True)")
    assert do(
        server, "__execResult = [c.isSliceVisible(), w.sliceView().convertRASToXYZ(w.sliceView().convertXYZToRAS([5, 6, 0]))]"
    )[0]


def test_slices_show_the_patient_the_right_way_round(server: LiveServer) -> None:
    import io

    do(server, "slicer.app.layoutManager().sliceWidget('Red').sliceController().setSliceOffsetValue(6)")
    image = np.asarray(Image.open(io.BytesIO(server.get("/slice?view=red").body)).convert("L")).astype(int)
    height, width = image.shape
    upper_left, upper_right = image[height * 3 // 8, width * 3 // 8], image[height * 3 // 8, width * 5 // 8]
    lower_left = image[height * 5 // 8, width * 3 // 8]
    assert upper_left > upper_right  # the patient's right, which is brighter, lies to the left
    assert upper_left > lower_left  # anterior, brighter, lies at the top


LOOKS = {
    "lookFromAxis(ctk.ctkAxesWidget.Left)": (0, -1),
    "lookFromAxis(ctk.ctkAxesWidget.Superior)": (2, 1),
    "lookFromAxis('Anterior')": (1, 1),
    "rotateToViewAxis(0)": (0, -1),
    "rotateToViewAxis(1)": (0, 1),
    "rotateToViewAxis(2)": (1, -1),
    "rotateToViewAxis(5)": (2, 1),
}


@pytest.mark.parametrize("call", LOOKS)
def test_the_3d_view_looks_from_where_it_is_told(server: LiveServer, call: str) -> None:
    source = (
        f"v = slicer.app.layoutManager().threeDWidget(0).threeDView()\nv.resetFocalPoint(); v.{call}\n"
        "camera = v.cameraNode()\n__execResult = [camera.GetPosition(), camera.GetFocalPoint(), v.mrmlViewNode().GetID()]"
    )
    position, focal, node = do(server, source)
    direction = np.array(position) - np.array(focal)
    axis, sign = LOOKS[call]
    assert np.argmax(np.abs(direction)) == axis
    assert np.sign(direction[axis]) == sign
    assert node == "vtkMRMLViewNode1"


def test_3d_moves_and_resets(server: LiveServer) -> None:
    points = "slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsFiducialNode', 'P')"
    source = (
        f"p = {points}\nfor at in ([100, 0, 0], [140, 20, 60]): p.AddControlPoint(at)\n"
        "lm = slicer.app.layoutManager(); v = lm.threeDWidget(0).threeDView()\nv.lookFromAxis('Anterior')\n"
        "def place(): return v.cameraNode().GetPosition() + v.cameraNode().GetFocalPoint()\n"
        "places = []\nfor move in (v.resetFocalPoint, v.resetCamera, v.pitch, v.yaw, v.roll, v.zoomIn, v.zoomOut,"
        " slicer.util.resetThreeDViews):\n    move(); places.append(place())\n__execResult = places"
    )
    places = do(server, source)
    assert np.allclose(places[0][3:], [120, 10, 30], atol=8)  # glyphs reach a little further than points
    assert np.allclose(places[1][3:], places[0][3:])
    assert len({tuple(np.round(place, 6)) for place in places}) >= 6


def test_layers_and_resets_of_all_views(server: LiveServer) -> None:
    source = (
        "other = slicer.util.addVolumeFromArray(np.full((24, 32, 40), 7, np.int16), name='Other')\n"
        "slicer.util.setSliceViewerLayers(background=volume, foreground=other, foregroundOpacity=0.5, fit=True,"
        " rotateToVolumePlane=True)\nslicer.util.resetSliceViews(); slicer.util.resetThreeDViews()\n"
        "slicer.util.forceRenderAllViews()\n"
        "with slicer.util.RenderBlocker(): pass\nwith slicer.util.WaitCursor(): pass\n"
        "__execResult = [(c.GetBackgroundVolumeID(), c.GetForegroundVolumeID(), c.GetForegroundOpacity())"
        " for c in slicer.util.getNodesByClass('vtkMRMLSliceCompositeNode')]"
    )
    ids = do(server, "__execResult = volume.GetID()"), "vtkMRMLScalarVolumeNode2"
    assert do(server, source)[:3] == [[*ids, 0.5]] * 3


def test_pictures_into_files(server: LiveServer, tmp_path: Path) -> None:
    source = (
        "import ScreenCapture\nlogic = ScreenCapture.ScreenCaptureLogic()\nlm = slicer.app.layoutManager()\n"
        f"logic.captureImageFromView(lm.sliceWidget('Red').sliceView(), {str(tmp_path / 'red.png')!r})\n"
        "view = logic.viewFromNode(slicer.mrmlScene.GetNodeByID('vtkMRMLViewNode1'))\n"
        f"logic.captureImageFromView(view, {str(tmp_path / 'v.jpg')!r})"
    )
    do(server, source)
    with Image.open(tmp_path / "red.png") as red, Image.open(tmp_path / "v.jpg") as view:
        assert (red.format, red.size, view.format) == ("PNG", (512, 512), "JPEG")
        assert len(np.unique(np.asarray(red.convert("L")))) > 3
    assert "pictures end in" in refused(server, "logic.captureImageFromView(lm.sliceWidget('Red').sliceView(), '/tmp/a.tif')")


# -- nodes and arrays --------------------------------------------------------------------------------------------------


def test_nodes_are_found_and_arrays_are_views(server: LiveServer) -> None:
    found = do(
        server,
        "n = slicer.util.getNode('Octants')\na = slicer.util.arrayFromVolume(n)\n"
        "__execResult = [slicer.util.getNode('Oct*').GetID(), slicer.util.getNode(n.GetID()).GetName(), list(a.shape),"
        " slicer.util.array('Octants').dtype.name, 'Octants' in slicer.util.getNodes(),"
        " [v.GetName() for v in slicer.util.getNodesByClass('vtkMRMLVolumeNode')],"
        " slicer.mrmlScene.GetNodesByClass('vtkMRMLScalarVolumeNode').GetItemAsObject(0).GetName(),"
        " slicer.mrmlScene.GetFirstNodeByName('Octants').GetClassName(), n.GetImageData().GetExtent(), n.GetSpacing(),"
        " n.GetDisplayNode().GetClassName()]",
    )
    assert found[:6] == ["vtkMRMLScalarVolumeNode1", "Octants", [24, 32, 40], "int16", True, ["Octants"]]
    assert found[6:] == [
        "Octants",
        "vtkMRMLScalarVolumeNode",
        [0, 39, 0, 31, 0, 23],
        [2, 2, 3],
        "vtkMRMLScalarVolumeDisplayNode",
    ]
    source = "b = [0.0] * 6; n.GetRASBounds(b); __execResult = b"
    assert np.allclose(do(server, source), [-40, 40, -32, 32, -36, 36])
    before = server.get("/slice?view=red").body
    do(server, "slicer.util.updateVolumeFromArray(n, a[::-1, ::-1, ::-1].copy())")
    assert server.get("/slice?view=red").body != before
    before = server.get("/slice?view=red").body
    do(server, "slicer.util.arrayFromVolume(n)[:] //= 2; slicer.util.arrayFromVolumeModified(n)")
    assert server.get("/slice?view=red").body != before
    said = refused(
        server,
        "try: slicer.util.getNode('nothing')\n"
        "except slicer.util.MRMLNodeNotFoundException as e: raise RuntimeError(f'found: {e}')",
    )
    assert "found: could not find nodes in the scene by name or id 'nothing'" in said


def test_nodes_are_made_and_removed(server: LiveServer) -> None:
    made = do(server, "m = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLModelNode', 'New'); __execResult = m.GetID()")
    assert made in server.get("/slicer/mrml/ids").json()
    assert do(server, f"__execResult = slicer.mrmlScene.GetNodeByID('{made}').GetName()") == "New"
    do(server, "slicer.mrmlScene.RemoveNode(m)")
    assert made not in server.get("/slicer/mrml/ids").json()
    do(server, "slicer.mrmlScene.Clear(True)")  # which must not take the views away
    assert server.get("/slicer/mrml/names?class=vtkMRMLVolumeNode").json() == []
    assert server.get("/slicer/threeD").status == 200
    assert "vtkMRMLSliceNodeRed" in server.get("/slicer/mrml/ids").json()


def test_markups(server: LiveServer) -> None:
    source = (
        "f = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsFiducialNode', 'F')\nf.AddControlPoint(1, 2, 3)\n"
        "f.AddControlPoint(4, 5, 6, 'named')\nl = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsLineNode', 'L')\n"
        "l.AddControlPoint(0, 0, 0); l.AddControlPoint(3, 4, 0)\n"
        "__execResult = [f.GetNumberOfControlPoints(), f.GetNthControlPointLabel(1), l.GetLineLengthWorld(),"
        " slicer.util.arrayFromMarkupsControlPoints(f).tolist(), f.GetDisplayNode() is not None]"
    )
    assert do(server, source) == [2, "named", 5.0, [[1, 2, 3], [4, 5, 6]], True]


def test_segments(server: LiveServer) -> None:
    source = (
        "s = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLSegmentationNode', 'S'); s.CreateDefaultDisplayNodes()\n"
        "s.SetReferenceImageGeometryParameterFromVolumeNode(volume)\nid = s.GetSegmentation().AddEmptySegment('bone')\n"
        "mask = (slicer.util.arrayFromVolume(volume) > 200).astype(np.uint8)\n"
        "slicer.util.updateSegmentBinaryLabelmapFromArray(mask, s, id, volume)\n"
        "back = slicer.util.arrayFromSegmentBinaryLabelmap(s, id, volume)\n"
        "__execResult = [int(mask.sum()), bool((back == mask).all())]"
    )
    count, same = do(server, source)
    assert count > 0
    assert same


# -- files -------------------------------------------------------------------------------------------------------------


def test_volumes_are_loaded_with_options_and_saved(server: LiveServer, phantom: Path, tmp_path: Path) -> None:
    source = (
        f"a = slicer.util.loadVolume({str(phantom)!r}, {{'name': 'Named', 'show': False}})\n"
        f"b = slicer.util.loadLabelVolume({str(phantom)!r}, {{'name': 'Labels'}})\n"
        "red = slicer.util.getNode('vtkMRMLSliceCompositeNodeRed')\n"
        "__execResult = [a.GetName(), b.GetClassName(), red.GetBackgroundVolumeID() != a.GetID()]"
    )
    assert do(server, source) == ["Named", "vtkMRMLLabelMapVolumeNode", True]
    saved, exported = tmp_path / "saved.nrrd", tmp_path / "exported.nii.gz"
    source = (
        f"ok = slicer.util.saveNode(a, {str(saved)!r}, {{'useCompression': False}})\n"
        f"ok2 = slicer.util.exportNode(a, {str(exported)!r})\n"
        "__execResult = [ok, ok2, a.GetStorageNode().GetFileName()]"
    )
    assert do(server, source) == [True, True, str(saved)]
    original, header = nrrd.read(str(phantom))
    voxels, saved_header = nrrd.read(str(saved))
    assert (voxels == original).all()
    assert saved_header["encoding"] == "raw"
    assert np.allclose(saved_header["space directions"], header["space directions"])
    image = nibabel.load(exported)
    assert (np.asarray(image.dataobj) == original).all()
    assert np.allclose(image.affine, centred(np.eye(3), (2.0, 2.0, 3.0), DIMS))


def test_export_in_world_applies_transforms(server: LiveServer, tmp_path: Path) -> None:
    source = (
        "t = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLLinearTransformNode', 'T'); m = vtk.vtkMatrix4x4()\n"
        "m.SetElement(0, 3, 100); t.SetMatrixTransformToParent(m)\n"
        "p = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsFiducialNode', 'P'); p.AddControlPoint(1, 2, 3)\n"
        "p.SetAndObserveTransformNodeID(t.GetID())\n"
        f"for world in (False, True): slicer.util.exportNode(p, {str(tmp_path)!r} + f'/{{world}}.mrk.json', world=world)\n"
        f"__execResult = [slicer.util.loadMarkups({str(tmp_path)!r} + f'/{{w}}.mrk.json').GetNthControlPointPosition(0)"
        " for w in (False, True)] + [p.GetNthControlPointPosition(0)]"
    )
    assert do(server, source) == [[1, 2, 3], [101, 2, 3], [1, 2, 3]]


def test_other_kinds_of_files(server: LiveServer, tmp_path: Path) -> None:
    do(
        server,
        "sphere = vtk.vtkSphereSource(); sphere.SetRadius(10); sphere.Update()\n"
        "model = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLModelNode', 'Ball')\n"
        "model.SetAndObservePolyData(sphere.GetOutput())\n"
        "t = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLLinearTransformNode', 'T')\n"
        "seg = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLSegmentationNode', 'Seg'); seg.CreateDefaultDisplayNodes()\n"
        "seg.SetReferenceImageGeometryParameterFromVolumeNode(volume)\nid = seg.GetSegmentation().AddEmptySegment('a', 'a')\n"
        "mask = (slicer.util.arrayFromVolume(volume) > 200).astype(np.uint8)\n"
        "slicer.util.updateSegmentBinaryLabelmapFromArray(mask, seg, id, volume)\n"
        f"folder = {str(tmp_path)!r} + '/'\n"
        "for node, name in ((model, 'ball.vtk'), (t, 't.h5'), (seg, 's.seg.nrrd')):\n"
        "    assert slicer.util.saveNode(node, folder + name)",
    )
    found = do(
        server,
        "nodes = [slicer.util.loadModel(folder + 'ball.vtk'), slicer.util.loadTransform(folder + 't.h5'),"
        " slicer.util.loadSegmentation(folder + 's.seg.nrrd')]\n"
        "__execResult = [n.GetClassName() for n in nodes] + [nodes[2].GetSegmentation().GetNthSegment(0).GetName()]",
    )
    assert found == ["vtkMRMLModelNode", "vtkMRMLLinearTransformNode", "vtkMRMLSegmentationNode", "a"]
    assert "Failed to load node from file" in refused(server, "slicer.util.loadVolume('/nowhere/x.nrrd')")
    assert do(server, f"__execResult = slicer.util.saveNode(model, {str(tmp_path)!r} + '/ball.unknown')") is False
    assert "no known file format" in refused(server, "slicer.util.exportNode(model, '/tmp/ball.unknown')")


def test_scenes_are_saved_and_loaded(server: LiveServer, tmp_path: Path) -> None:
    for name in ("scene.mrb", "folder"):
        assert do(server, f"__execResult = slicer.util.saveScene({str(tmp_path / name)!r})") is True
    assert (tmp_path / "scene.mrb").stat().st_size > 1000
    assert list((tmp_path / "folder").rglob("*.mrml"))
    names = do(
        server,
        f"slicer.mrmlScene.Clear(0); slicer.util.loadScene({str(tmp_path / 'scene.mrb')!r})\n"
        "__execResult = [n.GetName() for n in slicer.util.getNodesByClass('vtkMRMLVolumeNode')]",
    )
    assert names == ["Octants"]


def test_files_from_the_network_and_folders_of_ones_own(server: LiveServer, phantom: Path, tmp_path: Path) -> None:
    store = SampleServer()
    digest = store.add(phantom)
    source = (
        "folder = slicer.util.tempDirectory(); other = slicer.util.tempDirectory()\n"
        f"ok = slicer.util.downloadFile('{store.url}/{digest}', folder + '/x.nrrd', 'SHA256:{digest}')\n"
        f"bad = slicer.util.downloadFile('{store.url}/{digest}', folder + '/y.nrrd', 'SHA256:' + '0' * 64)\n"
        "n = slicer.util.loadVolume(folder + '/x.nrrd')\n"
        "__execResult = [ok, bad, os.path.isdir(folder), folder != other, n.GetName()]"
    )
    assert do(server, source) == [True, False, True, True, "x"]
    store.close()


def test_dicom_is_imported_and_loaded_by_series(server: LiveServer, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_series(tmp_path / name, centred(np.eye(3), (2.0, 2.0, 2.0), (8, 8, 6)), (8, 8, 6), SeriesDescription=name)
    found = do(
        server,
        "from DICOMLib import DICOMUtils\nimport DICOMLib.DICOMUtils\n"
        "with DICOMUtils.TemporaryDICOMDatabase() as db:\n"
        f"    DICOMUtils.importDicom({str(tmp_path)!r}, db)\n"
        "    series = sorted(DICOMUtils.allSeriesUIDsInDatabase(), key=db.descriptionForSeries)\n"
        "    ids = DICOMUtils.loadSeriesByUID([series[1]])\n    patient = db.patients()[0]\n"
        "    whole = DICOMUtils.loadPatientByUID(patient)\n"
        "    value = db.fileValue(db.filesForSeries(series[0])[0], '0008,0060')\n"
        "__execResult = [len(series), len(ids), len(whole), value, slicer.util.getNode(ids[0]).GetName(),"
        " slicer.dicomDatabase.patients()]",
    )
    assert found[:4] == [2, 1, 2, "CT"]
    assert "two" in found[4]
    assert found[5] == []
    assert "not in the database" in refused(server, "DICOMUtils.loadSeriesByUID(['1.2.3'])")
    assert "not allowed" in refused(server, "DICOMUtils.importFromDICOMWeb('http://x.example', '1.2')")


# -- modules, and what can not be --------------------------------------------------------------------------------------


def test_every_modules_logic(server: LiveServer) -> None:
    source = "__execResult = {n: slicer.util.getModuleLogic(n) is not None for n in vars(slicer.moduleNames)}"
    found = do(server, source)
    assert len(found) >= 20
    assert all(found.values())
    source = (
        "r = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsROINode', 'R'); r.SetSize(20, 20, 20)\n"
        "parameters = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLCropVolumeParametersNode')\n"
        "parameters.SetInputVolumeNodeID(volume.GetID()); parameters.SetROINodeID(r.GetID())\n"
        "parameters.SetVoxelBased(True)\nslicer.modules.cropvolume.logic().Apply(parameters)\n"
        "__execResult = slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(parameters.GetOutputVolumeNodeID())).shape"
    )
    assert all(2 <= size <= 12 for size in do(server, source))
    assert "slicer.modules.dicom does not exist here; there are" in refused(server, "slicer.modules.dicom")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("qt.QTimer.singleShot(0, None)", "qt.QTimer"),
        ("import qt; qt.QMessageBox()", "qt.QMessageBox"),
        ("from qt import QTimer", "QTimer"),
        ("ctk.ctkCollapsibleButton()", "ctk.ctkCollapsibleButton"),
        ("slicer.qMRMLNodeComboBox()", "slicer.qMRMLNodeComboBox"),
        ("slicer.util.pip_install('scipy')", "slicer.util.pip_install"),
        ("slicer.util.confirmYesNoDisplay('sure?')", "slicer.util.confirmYesNoDisplay"),
        ("slicer.util.selectModule('Data')", "slicer.util.selectModule"),
        ("slicer.util.loadUI('a.ui')", "slicer.util.loadUI"),
        ("slicer.util.getModuleWidget('Data')", "slicer.util.getModuleWidget"),
        ("slicer.modules.data.widgetRepresentation()", "slicer.modules.data.widgetRepresentation"),
        ("slicer.app.layoutManager().grab()", "qSlicerLayoutManager.grab"),
        ("slicer.app.aboutToQuit", "slicer.app.aboutToQuit"),
        ("slicer.util.openSaveDataDialog()", "slicer.util.openSaveDataDialog"),
    ],
)
def test_what_can_not_be_says_so_by_its_name(server: LiveServer, source: str, named: str) -> None:
    assert named in refused(server, source)


def test_messages_for_people_go_to_the_output(server: LiveServer) -> None:
    import json

    source = (
        "slicer.util.delayDisplay('one'); slicer.util.showStatusMessage('two'); slicer.util.errorDisplay('three')\n"
        "slicer.util.setToolbarsVisible(False); s = slicer.app.settings(); s.setValue('a/b', 5)\n"
        "__execResult = [s.value('a/b'), s.value('c', 'd'), slicer.util.settingsValue('a/b', 0, int), slicer.util.mainWindow()]"
    )
    answer = server.request(
        "POST", "/api/exec", json.dumps({"source": source}).encode(), Content_Type="application/json"
    ).json()
    assert answer["stdout"] == "one\ntwo\n"
    assert "three" in answer["stderr"]
    assert answer["result"] == [5, "d", 5, None]
