"""Debian's Orthanc with its DICOMweb plugin, on free ports, with an archive of its own, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.live import free_port

PLUGINS = (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc"))
START_S = 30.0


def is_installed() -> bool:
    """Whether there is an Orthanc with the plugin."""
    return shutil.which("Orthanc") is not None and _plugin() is not None


def _plugin() -> Path | None:
    return next((path for folder in PLUGINS for path in sorted(folder.glob("libOrthancDicomWeb.so*"))), None)


class Orthanc:
    """Starts on construction and waits until it answers."""

    root = "/dicom-web"

    def __init__(self) -> None:
        self.port, self.dicom_port = free_port(), free_port()
        self.aet = "ORTHANC"
        self._folder = tempfile.TemporaryDirectory(prefix="orthanc-")
        self.folder = folder = Path(self._folder.name)
        settings = folder / "orthanc.json"
        settings.write_text(json.dumps({
            "Name": "peer", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
            "Plugins": [str(_plugin())], "HttpPort": self.port, "DicomPort": self.dicom_port, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "DicomAet": self.aet, "DicomWeb": {"Enable": True, "Root": f"{self.root}/"},
        }))  # fmt: skip
        self.process = subprocess.Popen(["Orthanc", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/system", timeout=5).close()
                return
            except urllib.error.HTTPError:
                raise
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """End it and remove its archive."""
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self._folder.cleanup()
