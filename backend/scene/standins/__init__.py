"""What users' Python finds where Slicer's application, its modules and Qt would be: our own, over the scene of this process.

Names and meanings are those of Slicer's Python interface. What can not exist here says so by its name (`missing.py`).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import urllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import slicer
import vtk

from backend.scene.commands import Command
from backend.scene.context import Context
from backend.scene.standins.application import App
from backend.scene.standins.desk import Desk
from backend.scene.standins.dicom import DicomDatabase, dicom_modules
from backend.scene.standins.missing import has_no_slicer_name
from backend.scene.standins.modules import ModuleManager, Modules, Registry
from backend.scene.standins.qt import ctk_module, qt_module
from backend.scene.standins.sample_data import sample_data_module
from backend.scene.standins.scene import keep_singletons
from backend.scene.standins.screen_capture import screen_capture_module
from backend.scene.standins.util import replace_functions


def install(context: Context, perform: Callable[[Command], Any]) -> dict[str, Any]:
    """Complete the package `slicer`, make Slicer's modules importable, and return the namespace of users' code.

    `perform` carries out a command now and returns its value.
    """
    desk = Desk(context, perform)
    database = DicomDatabase(context.options.max_files, desk.find_series)
    qt, ctk = qt_module(), ctk_module()
    sample_data, screen_capture = sample_data_module(desk), screen_capture_module(desk)
    dicom_lib, dicom_utils = dicom_modules(desk, database)
    for module in (qt, ctk, sample_data, screen_capture, dicom_lib, dicom_utils):
        sys.modules[module.__name__] = module
    slicer.dicomDatabase = database
    scripted = {"SampleData": sample_data.SampleDataLogic, "ScreenCapture": screen_capture.ScreenCaptureLogic}
    registry = Registry(context.app, scripted)
    slicer.modules = Modules(registry)
    slicer.modules.sampleDataSources = sample_data.sources
    slicer.moduleNames = SimpleNamespace(**{name: name for name in registry.names()})
    slicer.app = App(desk, ModuleManager(registry))
    slicer.__getattr__ = has_no_slicer_name
    replace_functions()
    keep_singletons(context.app.scene)
    return {
        "__name__": "__main__", "__builtins__": __builtins__, "slicer": slicer, "vtk": vtk, "qt": qt, "ctk": ctk,
        "numpy": numpy, "np": numpy, "json": json, "os": os, "sys": sys, "time": time, "urllib": urllib, "logging": logging,
        "getModuleLogic": slicer.util.getModuleLogic,
    }  # fmt: skip
