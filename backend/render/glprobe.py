"""Find a GL driver that works, in child processes, because a missing driver is a segmentation fault and no exception.

`python -m backend.render.glprobe` prints one JSON line about the best driver, or exits with 1. With a window class and an
EGL device as arguments it draws one picture with just those, in this process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "software")
PROBE_TIMEOUT_S = 30.0
DEBIAN_PACKAGES = "libegl1 libegl-mesa0 libgl1-mesa-dri libgl1"
NO_DRIVER = (
    "there is no OpenGL driver, so models, markups and segments in 3D can not be drawn, only slices and volumes: "
    f"install {DEBIAN_PACKAGES} (Debian's names) and start with gl=auto"
)


@dataclass(frozen=True)
class GlDriver:
    """A working combination: VTK window class, EGL device index (-1 is the default device), renderer text of the driver."""

    window_class: str
    device: int
    renderer: str
    devices: int = 1

    @property
    def is_gpu(self) -> bool:
        """Whether pictures are drawn by hardware."""
        return not any(name in self.renderer.lower() for name in SOFTWARE_RENDERERS)

    def apply(self) -> None:
        """Make VTK of this process use it; must come before the first render window is made."""
        os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = self.window_class
        if self.device >= 0:
            os.environ["VTK_DEFAULT_EGL_DEVICE_INDEX"] = str(self.device)


def probe(wanted: str = "auto") -> GlDriver | None:
    """The best driver: a GPU by EGL, else software by EGL, else OSMesa, else None. `wanted` is `auto|egl|osmesa|none`."""
    if wanted == "none":
        return None
    software: GlDriver | None = None
    if wanted in ("auto", "egl"):
        software = _try("vtkEGLRenderWindow", -1)
        if software and software.is_gpu:
            return software
        for device in range(software.devices if software and software.devices > 1 else 0):
            found = _try("vtkEGLRenderWindow", device)
            if found and found.is_gpu:
                return found
    if software is None and wanted in ("auto", "osmesa"):
        software = _try("vtkOSOpenGLRenderWindow", -1)
    return software


def _try(window_class: str, device: int) -> GlDriver | None:
    command = [sys.executable, "-m", "backend.render.glprobe", window_class, str(device)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
        answer = json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, json.JSONDecodeError, IndexError, OSError):
        return None
    return GlDriver(**answer) if answer else None


def draw_once(window_class: str, device: int) -> GlDriver:
    """Draw and check one small picture with this driver, here and now; may take the process down.

    Raises:
        OSError: the driver gave a wrong picture.
    """
    GlDriver(window_class, device, "").apply()
    # Imported late: the environment decides which window class the factory makes.
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(16, 16)
    renderer = vtkRenderer()
    renderer.SetBackground(1.0, 0.0, 0.0)
    window.AddRenderer(renderer)
    window.Render()
    pixels = window.GetRGBACharPixelData
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

    data = vtkUnsignedCharArray()
    pixels(0, 0, 15, 15, 0 if window.GetDoubleBuffer() else 1, data, 0)
    if data.GetNumberOfTuples() != 256 or [data.GetComponent(0, channel) for channel in range(3)] != [255.0, 0.0, 0.0]:
        raise OSError("the driver drew a wrong picture")
    name = "unknown"
    for line in window.ReportCapabilities().splitlines():
        if "renderer string" in line.lower():
            name = line.split(":", 1)[1].strip()
    count = getattr(window, "GetNumberOfDevices", lambda: 1)()
    return GlDriver(window_class, device, name, max(1, int(count)))


def main() -> int:
    """Entry of `python -m backend.render.glprobe [CLASS DEVICE]`."""
    driver = draw_once(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 2 else probe()
    if driver is None:
        return 1
    sys.stdout.write(json.dumps(asdict(driver)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
