"""What can not exist without Qt and a desktop says so, by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

WHY = "this server has no Qt and no desktop"


class NotHereError(RuntimeError):
    """Something of Slicer's interface that this server can not have."""


class StandIn:
    """Base of what stands in for an object of Slicer's application. What it lacks is an AttributeError that says so."""

    stands_for = ""
    """Name of the class it stands for, in Slicer."""

    def __getattr__(self, name: str) -> NoReturn:
        what = object.__getattribute__(self, "stands_for") or type(self).__name__
        raise AttributeError(f"{what}.{name} does not exist here: {WHY}")


def refusing(name: str, why: str = WHY) -> Callable[..., NoReturn]:
    """A function that raises `NotHereError`, naming what can not be."""

    def refuse(*_args: Any, **_options: Any) -> NoReturn:
        raise NotHereError(f"{name} can not be used here: {why}")

    refuse.__name__ = name.rpartition(".")[2]
    return refuse


def make_module(name: str, doc: str, **members: Any) -> ModuleType:
    """A module that users' code can import by this name; attributes it lacks are refused with a reason."""
    module = ModuleType(name, doc)
    module.__dict__.update(members)

    def missing(attribute: str) -> NoReturn:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise AttributeError(f"{name}.{attribute} does not exist here: {WHY}")

    module.__dict__["__getattr__"] = missing
    return module


def has_no_slicer_name(name: str) -> NoReturn:
    """Attributes that the package `slicer` lacks: widgets and Qt classes with the reason."""
    if name.startswith(("q", "ctk")) and f"slicer.{name}" not in sys.modules:
        raise AttributeError(f"slicer.{name} does not exist here: {WHY}")
    raise AttributeError(f"module 'slicer' has no attribute {name!r}")
