"""`slicer.util`: Slicer's own functions, except those that need Qt, which are replaced or refuse by their name."""

from __future__ import annotations

import inspect
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import slicer
import slicer.util

from backend.scene.standins.missing import refusing

log = logging.getLogger("slicer.util")
NOBODY = "nobody sits before this server to answer"
INSTALLING = "packages are installed by whoever runs the server, with pip"

# Windows, widgets and dialogs.
REFUSED = (
    "lookupTopLevelWidget", "findChild", "findChildren", "loadUI", "startQtDesigner", "childWidgetVariables",
    "addParameterEditWidgetConnections", "removeParameterEditWidgetConnections", "updateParameterEditWidgetsFromNode",
    "updateNodeFromParameterEditWidgets", "moduleSelector", "selectModule", "selectedModule", "getModuleGui",
    "getNewModuleGui", "getModuleWidget", "getNewModuleWidget", "reloadScriptedModule", "modulePath", "clickAndDrag",
    "createProgressDialog", "openAddDataDialog", "openAddVolumeDialog", "openAddModelDialog", "openAddScalarOverlayDialog",
    "openAddSegmentationDialog", "openAddTransformDialog", "openAddColorTableDialog", "openAddFiducialDialog",
    "openAddMarkupsDialog", "openAddFiberBundleDialog", "openAddShaderPropertyDialog", "openSaveDataDialog", "restart",
    "sourceDir", "importQtClassesFromDirectory",
)  # fmt: skip
ASKING = ("messageBox", "confirmOkCancelDisplay", "confirmYesNoDisplay", "confirmRetryCloseDisplay")
INSTALLERS = ("pip_install", "pip_uninstall", "executePythonModule", "_executePythonModule")
# What they would show or hide is not there in the first place.
WITHOUT_EFFECT = (
    "setToolbarsVisible", "setMenuBarsVisible", "setPythonConsoleVisible", "setErrorLogVisible", "setStatusBarVisible",
    "setViewControllersVisible", "setModulePanelTitleVisible", "setApplicationLogoVisible", "setModuleHelpSectionVisible",
    "setDataProbeVisible",
)  # fmt: skip


def replace_functions() -> None:
    """Put ours in place of those of Slicer's functions that need Qt."""
    ours: dict[str, Callable[..., Any]] = {name: refusing(f"slicer.util.{name}") for name in REFUSED}
    ours |= {name: refusing(f"slicer.util.{name}", NOBODY) for name in ASKING}
    ours |= {name: refusing(f"slicer.util.{name}", INSTALLING) for name in INSTALLERS}
    ours |= dict.fromkeys(WITHOUT_EFFECT, nothing)
    ours |= {
        "mainWindow": nothing, "pythonShell": nothing, "displayPythonShell": waiting, "WaitCursor": waiting,
        "MessageDialog": telling, "tempDirectory": temp_directory, "delayDisplay": delay_display, "longPath": long_path,
        "showStatusMessage": show_status_message, "settingsValue": settings_value, "infoDisplay": logged(logging.INFO),
        "warningDisplay": logged(logging.WARNING), "errorDisplay": logged(logging.ERROR),
    }  # fmt: skip
    ours |= {name: with_fresh_properties(function) for name, function in _taking_properties()}
    for name, function in ours.items():
        setattr(slicer.util, name, function)
        if hasattr(slicer, name):  # the package repeats most of them
            setattr(slicer, name, function)
    slicer.qSlicerScriptedLoadableModule = slicer.qSlicerScriptedLoadableModuleWidget = type("NoWidget", (), {})


def _taking_properties() -> list[tuple[str, Callable[..., Any]]]:
    functions = inspect.getmembers(slicer.util, inspect.isfunction)
    return [(name, function) for name, function in functions if "properties" in inspect.signature(function).parameters]


def with_fresh_properties(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with a dictionary of its own for each call: Slicer's write into their default, and find it in the next."""
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        bound = signature.bind(*args, **options)
        bound.apply_defaults()
        bound.arguments["properties"] = dict(bound.arguments["properties"] or {})
        return function(*bound.args, **bound.kwargs)

    return call


def nothing(*_args: Any, **_options: Any) -> None:
    """There is nothing to do."""


@contextmanager
def waiting(*_args: Any, **_options: Any) -> Iterator[None]:
    """A block without a waiting pointer, for there is no pointer."""
    yield


@contextmanager
def telling(message: str, *_args: Any, **_options: Any) -> Iterator[None]:
    """A block whose message goes to the output."""
    print(message)
    yield


def logged(level: int) -> Callable[..., None]:
    """A function that logs what a message box would have shown."""

    def show(text: str, windowTitle: str | None = None, *_args: Any, **options: Any) -> None:
        detail = options.get("detailedText")
        log.log(level, "%s%s", text, f"\n{detail}" if detail else "")

    return show


def delay_display(message: str, *_args: Any, **_options: Any) -> None:
    """Print what a box would have shown for a while."""
    print(message)


def show_status_message(message: str, *_args: Any) -> None:
    """Print what the status bar would have shown."""
    print(message)


def temp_directory(key: str = "__SlicerTemp__", tempDir: Any = None, includeDateTime: bool = True) -> str:
    """Make a new folder and return its path. It is not removed by itself."""
    parent = Path(str(tempDir)) if tempDir else Path(slicer.app.temporaryPath)
    parent.mkdir(parents=True, exist_ok=True)
    if includeDateTime:
        stamp = datetime.now().strftime("%Y-%m-%d_%H+%M+%S.%f")[:-3]
        return tempfile.mkdtemp(prefix=f"{key}{stamp}_", dir=parent)
    folder = parent / key
    folder.mkdir(exist_ok=True)
    return str(folder)


def settings_value(key: str, default: Any, converter: Callable[[Any], Any] = lambda value: value, settings: Any = None) -> Any:
    """A value of the settings, converted; `default` where there is none or it can not be converted."""
    store = slicer.app.settings() if settings is None else settings
    if not store.contains(key):
        return default
    try:
        return converter(store.value(key))
    except (TypeError, ValueError):
        return default


def long_path(path: str) -> str:
    """As it is: only Windows needs another form of long paths."""
    return path
