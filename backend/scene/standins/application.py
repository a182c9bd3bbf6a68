"""`slicer.app`: what scripts ask of Slicer's application."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import slicer

from backend.scene.slicer_version import SLICER_VERSION
from backend.scene.standins.desk import Desk
from backend.scene.standins.io_manager import IoManager
from backend.scene.standins.layout import LayoutManager
from backend.scene.standins.missing import StandIn
from backend.scene.standins.modules import ModuleManager
from backend.scene.standins.settings import Settings


class App(StandIn):
    """The application object."""

    stands_for = "slicer.app"

    applicationName = mainApplicationName = "Slicer"
    applicationDisplayName = mainApplicationDisplayName = "3D Slicer"
    applicationVersion = mainApplicationVersion = SLICER_VERSION
    majorVersion, minorVersion = (int(part) for part in SLICER_VERSION.split(".")[:2])
    revision = repositoryRevision = mainApplicationRevision = "0"
    releaseType = "Stable"
    isInstalled = True
    os = {"darwin": "macosx", "win32": "win"}.get(sys.platform, sys.platform)
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    platform = f"{os}-{arch}"
    """What `slicer.app.platform` says, for example `linux-amd64`."""

    def __init__(self, desk: Desk, modules: ModuleManager) -> None:
        self._desk = desk
        self._layout, self._io = LayoutManager(desk), IoManager(desk)
        self._modules, self._settings = modules, Settings()
        self._options = SimpleNamespace(
            noMainWindow=True, testingEnabled=False, runPythonAndExit=False, pythonCode="", pythonScript="", verbose=False
        )
        self.temporaryPath = tempfile.gettempdir()
        self.slicerHome = str(Path(slicer.__file__).resolve().parent)
        logic = desk.app.logic
        logic.SetTemporaryPath(self.temporaryPath)

    # -- what there is -------------------------------------------------------------------------------------------

    def layoutManager(self) -> LayoutManager:
        """The views."""
        return self._layout

    def coreIOManager(self) -> IoManager:
        """Loading and saving."""
        return self._io

    ioManager = coreIOManager

    def applicationLogic(self) -> Any:
        """Slicer's own application logic."""
        return self._desk.app.logic

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._desk.scene

    def moduleManager(self) -> ModuleManager:
        """The modules."""
        return self._modules

    def settings(self) -> Settings:
        """Values by key."""
        return self._settings

    userSettings = revisionUserSettings = settings

    def commandOptions(self) -> SimpleNamespace:
        """How Slicer would have been started."""
        return self._options

    def testingEnabled(self) -> bool:
        """No."""
        return False

    def startupEnvironment(self) -> dict[str, str]:
        """The process's environment."""
        return dict(os.environ)

    def mainWindow(self) -> None:
        """There is none."""

    def topLevelWidgets(self) -> tuple[Any, ...]:
        """There are none."""
        return ()

    # -- events and pictures: a picture is drawn when somebody asks for it, so there is nothing to wait for -------------

    def processEvents(self, *_args: Any) -> None:
        """Nothing waits: pictures are drawn when clients ask for them."""

    def pauseRender(self) -> None:
        """Nothing is drawn while code runs."""

    resumeRender = pauseRender

    def setRenderPaused(self, _paused: bool) -> None:
        """Nothing is drawn while code runs."""

    def setOverrideCursor(self, *_args: Any) -> None:
        """There is no pointer."""

    restoreOverrideCursor = setOverrideCursor

    # -- the end -------------------------------------------------------------------------------------------------

    def exit(self, status: int = 0) -> None:
        """End the script, not the server."""
        sys.exit(status)

    quit = exit
