"""`slicer.modules`: the logic of every module that slicer-core has, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import slicer

from backend.scene.application import Application
from backend.scene.standins.missing import WHY, StandIn

# Modules beside those the scene itself needs (`Application.modules`), and the classes of their logics.
FURTHER: dict[str, str] = {
    "Annotations": "vtkSlicerAnnotationModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Reformat": "vtkSlicerReformatLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "SegmentEditor": "vtkSlicerSegmentEditorLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Texts": "vtkSlicerTextsLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
}


class Module(StandIn):
    """One of Slicer's modules: its logic without its widgets."""

    stands_for = "qSlicerCoreModule"

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        self.name = self.title = name
        self._make, self._logic = make, None

    def logic(self) -> Any:
        """The module's logic."""
        if self._logic is None:
            self._logic = self._make()
        return self._logic

    def widgetRepresentation(self) -> Any:
        """There is none."""
        raise AttributeError(f"slicer.modules.{self.name.lower()}.widgetRepresentation does not exist here: {WHY}")

    createNewWidgetRepresentation = widgetRepresentation


class ScriptedModule(Module):
    """A module written in Python; its logic is an object of Python."""

    stands_for = "qSlicerScriptedLoadableModule"


class Registry:
    """All modules by their names."""

    def __init__(self, app: Application, scripted: Mapping[str, Callable[[], Any]]) -> None:
        self._app = app
        self._modules: dict[str, Module] = {
            name: Module(name, lambda logic=logic: logic)  # type: ignore[misc]
            for name, logic in app.modules.items()
        }
        for name, class_name in FURTHER.items():
            self._modules.setdefault(name, Module(name, lambda n=name, c=class_name: self._register(n, c)))  # type: ignore[misc]
        self._modules |= {name: ScriptedModule(name, make) for name, make in scripted.items()}

    def _register(self, name: str, class_name: str) -> Any:
        logic = getattr(slicer, class_name)()
        if hasattr(logic, "SetMRMLApplicationLogic"):
            logic.SetMRMLScene(self._app.scene)
            logic.SetMRMLApplicationLogic(self._app.logic)
            self._app.logic.SetModuleLogic(name, logic)
        return logic

    def names(self) -> tuple[str, ...]:
        """Names as Slicer spells them."""
        return tuple(self._modules)

    def find(self, name: str) -> Module | None:
        """A module by its name, in any case."""
        return next((module for key, module in self._modules.items() if key.lower() == name.lower()), None)


class Modules:
    """`slicer.modules`: modules as attributes, in lower case. Users may set further attributes, as in Slicer."""

    def __init__(self, registry: Registry) -> None:
        self.__registry = registry

    def __getattr__(self, name: str) -> Module:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self.__registry.find(name)
        if found is None:
            raise AttributeError(f"slicer.modules.{name} does not exist here; there are {', '.join(dir(self))}")
        return found

    def __dir__(self) -> list[str]:
        own = [name for name in vars(self) if not name.startswith("_")]
        return sorted({*own, *(name.lower() for name in self.__registry.names())})


class ModuleManager(StandIn):
    """`slicer.app.moduleManager()`."""

    stands_for = "qSlicerModuleManager"

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def module(self, name: str) -> Module | None:
        """A module by its name, None if there is none."""
        return self._registry.find(name)

    def modulesNames(self) -> tuple[str, ...]:
        """Names of all modules."""
        return self._registry.names()

    def isModuleLoaded(self, name: str) -> bool:
        """Whether there is a module of this name."""
        return self.module(name) is not None
