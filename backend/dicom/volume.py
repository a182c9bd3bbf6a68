"""placeholder"""

from dataclasses import dataclass


@dataclass
class LoadedVolume:
    pass
