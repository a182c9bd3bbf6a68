"""The modules `qt` and `ctk`: there is no Qt, so they hold only constants that other calls take."""

from __future__ import annotations

from types import ModuleType

from backend.scene.standins.missing import make_module


class AxesWidget:
    """Directions to look from, numbered as `ctkAxesWidget` does."""

    None_, Right, Left, Superior, Inferior, Anterior, Posterior = range(7)


LETTERS = {
    AxesWidget.Right: "R", AxesWidget.Left: "L", AxesWidget.Superior: "S",
    AxesWidget.Inferior: "I", AxesWidget.Anterior: "A", AxesWidget.Posterior: "P",
}  # fmt: skip


def qt_module() -> ModuleType:
    """`qt`, which has nothing."""
    return make_module("qt", "Qt, which is not here: every attribute is refused by its name.")


def ctk_module() -> ModuleType:
    """`ctk`, which has the directions of the axes widget."""
    return make_module("ctk", "CTK's constants; its widgets are not here.", ctkAxesWidget=AxesWidget)
