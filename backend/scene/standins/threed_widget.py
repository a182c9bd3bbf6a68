"""A 3D view as scripts know it: `threeDWidget(0)`, its view, its controller."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backend.imaging.cameras import look_from, rotate, zoom
from backend.imaging.cameras import roll as rolled
from backend.render.views.threed_view import ThreeDView
from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn
from backend.scene.standins.qt import LETTERS

NEGATIVE_AND_POSITIVE = "LRPAIS"  # the view axes -X, +X, -Y, +Y, -Z, +Z
STEP_DEG = 5.0


class ThreeDWidget(StandIn):
    """`layoutManager().threeDWidget(i)`."""

    stands_for = "qMRMLThreeDWidget"

    def __init__(self, desk: Desk, view: ThreeDView) -> None:
        self._desk, self._view = desk, view
        self.name = f"ThreeDWidget{view.name}"

    def threeDView(self) -> ThreeDPane:
        """The view itself."""
        return ThreeDPane(self._view)

    def threeDController(self) -> ThreeDController:
        """The bar above a 3D view, without the bar."""
        return ThreeDController(self._view)

    def mrmlViewNode(self) -> Any:
        """The view node."""
        return self._view.node

    def viewLogic(self) -> Any:
        """The view logic."""
        return self._view.logic

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._desk.scene

    def show(self) -> None:
        """Nothing to do: there is no window."""

    hide = show


class ThreeDPane(StandIn):
    """`threeDWidget(i).threeDView()`: moves of the camera, which last and which every client sees."""

    stands_for = "qMRMLThreeDView"

    pitchRollYawIncrement = STEP_DEG
    zoomFactor = 0.05

    def __init__(self, view: ThreeDView) -> None:
        self._view = view

    def mrmlViewNode(self) -> Any:
        """The view node."""
        return self._view.node

    def cameraNode(self) -> Any:
        """The camera node."""
        return self._view.camera_node

    def resetFocalPoint(self) -> None:
        """Look at the middle of all that is shown, from where the camera stands."""
        self._view.refit_box()
        bounds = self._view.bounds()
        if bounds is not None:
            centre = (np.array(bounds[0::2]) + np.array(bounds[1::2])) / 2
            self._view.view = replace(self._view.view, focal_point=centre)

    def resetCamera(self, *_args: Any) -> None:
        """Show all there is, from the direction the camera has."""
        self._view.reset()

    def lookFromAxis(self, axis: int | str, _view_angle: float = 30.0) -> None:
        """Look from a direction: a number of `ctk.ctkAxesWidget`, or a name such as `Left`."""
        self._look_from(LETTERS.get(axis, "") if isinstance(axis, int) else axis)

    def rotateToViewAxis(self, axis: int | str) -> None:
        """Look from an end of an axis: 0 to 5 for L, R, P, A, I, S, or its letter or name."""
        if isinstance(axis, int):
            axis = NEGATIVE_AND_POSITIVE[axis] if 0 <= axis < len(NEGATIVE_AND_POSITIVE) else ""
        self._look_from(axis)

    lookFromViewAxis = lookFromAxis

    def _look_from(self, axis: str) -> None:
        if axis[:1].upper() not in tuple(NEGATIVE_AND_POSITIVE):
            raise ValueError(f"no direction to look from: {axis!r}; use Left, Right, Posterior, Anterior, Inferior, Superior")
        self._view.view = look_from(self._view.view, axis)

    def pitch(self) -> None:
        """Turn up or down by `pitchRollYawIncrement`, degrees."""
        self._view.view = rotate(self._view.view, 0.0, self.pitchRollYawIncrement)

    def yaw(self) -> None:
        """Turn to the side by `pitchRollYawIncrement`, degrees."""
        self._view.view = rotate(self._view.view, self.pitchRollYawIncrement, 0.0)

    def roll(self) -> None:
        """Turn about the direction of view by `pitchRollYawIncrement`, degrees."""
        self._view.view = rolled(self._view.view, self.pitchRollYawIncrement)

    def zoomIn(self) -> None:
        """Come closer by `zoomFactor`."""
        self._view.view = zoom(self._view.view, 1 + self.zoomFactor)

    def zoomOut(self) -> None:
        """Go away by `zoomFactor`."""
        self._view.view = zoom(self._view.view, 1 - self.zoomFactor)

    def forceRender(self) -> None:
        """Nothing to do: a picture is drawn when a client asks for it."""

    scheduleRender = forceRender


class ThreeDController(StandIn):
    """`threeDWidget(i).threeDController()`."""

    stands_for = "qMRMLThreeDViewControllerWidget"

    def __init__(self, view: ThreeDView) -> None:
        self._pane = ThreeDPane(view)

    def mrmlThreeDViewNode(self) -> Any:
        """The view node."""
        return self._pane.mrmlViewNode()

    def resetFocalPoint(self) -> None:
        """Look at the middle of all that is shown."""
        self._pane.resetFocalPoint()

    def lookFromAxis(self, axis: int | str) -> None:
        """Look from a direction."""
        self._pane.lookFromAxis(axis)

    def rotateToViewAxis(self, axis: int | str) -> None:
        """Look from an end of an axis."""
        self._pane.rotateToViewAxis(axis)

    def zoomIn(self) -> None:
        """Come closer."""
        self._pane.zoomIn()

    def zoomOut(self) -> None:
        """Go away."""
        self._pane.zoomOut()

    def setVisible(self, _visible: bool) -> None:
        """Nothing to do: there is no bar."""
