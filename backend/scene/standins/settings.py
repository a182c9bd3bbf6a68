"""`slicer.app.settings()`: values that last as long as the scene process."""

from __future__ import annotations

from typing import Any

from backend.scene.standins.missing import StandIn


class Settings(StandIn):
    """Key and value, as QSettings has it."""

    stands_for = "QSettings"

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._groups: list[str] = []

    def _key(self, key: str) -> str:
        return "/".join([*self._groups, key])

    def value(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default`."""
        return self._values.get(self._key(key), default)

    def setValue(self, key: str, value: Any) -> None:
        """Set a key."""
        self._values[self._key(key)] = value

    def contains(self, key: str) -> bool:
        """Whether a key is set."""
        return self._key(key) in self._values

    def remove(self, key: str) -> None:
        """Forget a key and what lies below it."""
        whole = self._key(key)
        self._values = {k: v for k, v in self._values.items() if k != whole and not k.startswith(whole + "/")}

    def allKeys(self) -> tuple[str, ...]:
        """All keys of the group, sorted."""
        prefix = "".join(group + "/" for group in self._groups)
        return tuple(sorted(key.removeprefix(prefix) for key in self._values if key.startswith(prefix)))

    def beginGroup(self, name: str) -> None:
        """Enter a group."""
        self._groups.append(name)

    def endGroup(self) -> None:
        """Leave the group entered last."""
        if self._groups:
            self._groups.pop()

    def sync(self) -> None:
        """Nothing to do: there is no file."""
