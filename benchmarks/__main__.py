"""`python -m benchmarks [NAME…]`: run all benchmarks, or those named."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

names = sys.argv[1:] or sorted(
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name not in ("common", "__main__")
)
for name in names:
    print(f"-- {name}")
    importlib.import_module(f"benchmarks.{name}").main()
