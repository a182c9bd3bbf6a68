"""Every metric of the server, in one place; served at `/metrics` for Prometheus."""

from __future__ import annotations

import functools
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

FINE = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.13, 0.25, 0.5, 1.0, 2.0, 5.0)

HTTP_REQUESTS = Counter("slicecast_http_requests_total", "HTTP requests", ["route", "method", "status"])
HTTP_SECONDS = Histogram("slicecast_http_seconds", "Time to answer HTTP requests", ["route"], buckets=FINE)
PICTURE_SECONDS = Histogram(
    "slicecast_picture_seconds",
    "Time of pictures by stage: wait, render, encode; on streams also send (until the socket took it) and ack (sent to drawn)",
    ["door", "stage"],
    buckets=FINE,
)
STREAM_CLIENTS = Gauge("slicecast_stream_clients", "Stream clients connected")
STREAM_PICTURES = Counter("slicecast_stream_pictures_total", "Pictures sent on streams", ["kind"])
STREAM_BYTES = Counter("slicecast_stream_bytes_total", "Bytes of pictures sent on streams")
FRAMES = Counter("slicecast_frames_total", "Pictures for streams: asked of the scene, or shared with who asked", ["how"])
SCENE_RESTARTS = Counter("slicecast_scene_restarts_total", "Scene processes that died and were started again")


# Looking a label set up costs more than counting with it.
_stage = functools.lru_cache(32)(PICTURE_SECONDS.labels)
_requests = functools.lru_cache(1024)(HTTP_REQUESTS.labels)
_seconds = functools.lru_cache(256)(HTTP_SECONDS.labels)


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one HTTP request."""
    _requests(route, method, str(status)).inc()
    _seconds(route).observe(seconds)


def observe_picture(door: str, wait_us: int, render_us: int, encode_us: int) -> None:
    """Count the stages of one picture that a door (`http`, `stream`) has got from the scene; microseconds."""
    for stage, value in (("wait", wait_us), ("render", render_us), ("encode", encode_us)):
        _stage(door, stage).observe(value / 1e6)


def observe_way(stage: Literal["send", "ack"], seconds: float) -> None:
    """Count a stage of a stream's picture after it was made."""
    _stage("stream", stage).observe(seconds)
