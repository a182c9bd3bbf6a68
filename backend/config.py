"""Settings, once for all: defaults < TOML file < environment (`SLICECAST_…`) < command line. See docs/configuration.md."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


def user_data_folder() -> Path:
    """The user's data folder for Slicecast (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "slicecast"


LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Settings(BaseSettings):
    """Every switch of the server. Sizes end in their unit; times are seconds."""

    model_config = SettingsConfigDict(env_prefix="SLICECAST_", extra="forbid", validate_default=False)

    host: str = Field("localhost", description="address to listen on; localhost means 127.0.0.1 and ::1")
    port: int = Field(2016, ge=0, le=65535, description="port, or the next free one up to 100 further; 0 for any")
    port_strict: bool = Field(False, description="fail if the port is taken instead of trying the next")
    allow_unauthenticated_remote: bool = Field(
        False,
        description="needed to listen on other addresses than loopback: anybody who reaches them can do anything",
    )
    allowed_hosts: list[str] = Field([], description="host names accepted in Host and Origin besides the local ones")
    public_url: str | None = Field(
        None, description="address of this server for URLs in DICOMweb answers, such as https://pacs.example; else as asked"
    )
    cors: list[str] = Field([], description="origins whose pages may read answers; * for any; none by default")
    admin_token: SecretStr | None = Field(
        None,
        description="bearer token of the server panel, asked from everybody; without one only programs of this machine",
    )
    allow_remote_shutdown: bool = Field(False, description="let other machines end the server through Slicer's API")
    data: Path = Field(default_factory=user_data_folder, description="folder for everything that lasts")
    allow_path: list[Path] = Field([], description="folders that requests may name files in, for reading and writing")
    enable_slicer: bool = Field(True, description="answer Slicer's API: /slicer and the picture routes at the root")
    enable_dicomweb: bool = Field(True, description="answer DICOMweb: the archive's studies below /dicom")
    enable_pages: bool = Field(True, description="serve the pages and the viewer")
    demo: bool = Field(True, description="show the demo scene where no file is named")
    enable_exec: bool = Field(False, description="let requests run Python in the scene process")
    gl: Literal["auto", "egl", "osmesa", "none"] = Field("auto", description="OpenGL driver to use")
    session_limit: int = Field(4, ge=1, description="sessions at a time, each with a scene process, the default one among them")
    session_idle_s: float = Field(3600.0, gt=0, description="how long a further session is kept that nobody uses")
    max_body_mb: int = Field(2048, ge=1, description="largest request body")
    max_json_kb: int = Field(1024, ge=16, description="largest JSON body")
    max_header_kb: int = Field(256, ge=8, description="largest head of a request")
    max_connections: int = Field(512, ge=8, description="connections at a time; above, the one idle for longest is closed")
    header_timeout_s: float = Field(
        60.0, gt=0, description="how long a connection may take to send the head of a request, pauses between requests included"
    )
    body_timeout_s: float = Field(30.0, gt=0, description="time in which a body must send 500 bytes for each of its seconds")
    duplicates: Literal["replace", "keep", "refuse"] = Field(
        "replace", description="what becomes of another instance that comes under a UID which the archive has"
    )
    wrong_character_sets: Literal["refuse", "keep"] = Field(
        "refuse",
        description="what becomes of an instance whose texts do not fit the character set that it names",
    )
    store_max_mb: int = Field(65536, ge=1, description="largest request that stores instances")
    instance_max_mb: int = Field(4096, ge=1, description="largest instance that is stored")
    instance_inflated_mb: int = Field(512, ge=1, description="what a deflated instance may inflate to")
    store_parts: int = Field(10_000, ge=1, description="parts of one request that stores instances")
    store_waiting: int = Field(32, ge=1, description="instances of one request that are taken in at a time; it waits meanwhile")
    upload_unpacked_mb: int = Field(65536, ge=1, description="what an uploaded zip of DICOM files may unpack to")
    upload_files: int = Field(100_000, ge=1, description="files that an uploaded zip may hold")
    metadata_cache_mb: int = Field(64, ge=1, description="finished answers with metadata of studies and series kept in memory")
    watch_folder: Path | None = Field(
        None, description="folder whose DICOM files go into the archive and are removed from there once they are stored"
    )
    watch_every_s: float = Field(
        5.0, gt=0, description="seconds between looks into it; a file is taken when it has not changed from one to the next"
    )
    quarantine_mb: int = Field(
        1024, ge=0, description="files that could not be read, kept in the archive's quarantine; the oldest go first"
    )
    search_results: int = Field(5000, ge=1, description="most studies, series or instances that one search answers with")
    search_timeout_s: float = Field(10.0, gt=0, description="longest search of the archive")
    worker_processes: int = Field(
        0, ge=0, le=64, description="processes that parse, decode and draw stored images; 0 for one a core, eight at most"
    )
    worker_processes_ahead: int = Field(
        2, ge=0, description="of those processes, how many are started soon after the server; others when they are needed"
    )
    worker_waiting: int = Field(256, ge=1, description="calls that may wait for those processes; further ones are refused")
    worker_timeout_s: float = Field(120.0, gt=0, description="longest call of those processes")
    access_log_entries: int = Field(1000, ge=10, description="requests that the server panel's log remembers")
    max_volume_mb: int = Field(4096, ge=1, description="largest volume, unpacked, and largest model file")
    max_points: int = Field(10_000, ge=1, description="control points up to which requests may fill a point list")
    volume_downloads: int = Field(4, ge=1, description="volumes on their way to clients at a time; further ones wait")
    send_timeout_s: float = Field(60.0, gt=0, description="how long a client may take nothing of a volume before it is cut off")
    max_side_px: int = Field(8192, ge=16, description="largest width or height of a picture")
    max_pixels: int = Field(16_000_000, ge=256, description="most pixels of a picture")
    screenshot_width_px: int = Field(1280, ge=64, description="width of a screenshot whose request gives no size")
    screenshot_height_px: int = Field(960, ge=64, description="height of a screenshot whose request gives no size")
    default_size_px: int = Field(512, ge=16, description="side of pictures whose request gives no size")
    picture_cache_mb: int = Field(64, ge=1, description="encoded pictures kept in each scene process")
    stored_picture_cache_mb: int = Field(128, ge=1, description="pictures and frames made of stored images, kept in memory")
    frames_at_once: int = Field(2000, ge=1, description="frames that one request may ask for")
    gif_frames: int = Field(500, ge=1, description="most frames of a moving picture of a stored image")
    prefetch_slices: int = Field(4, ge=0, le=64, description="slices made ahead, while idle, of who scrolls; 0 for none")
    render_threads: int = Field(2, ge=1, le=64, description="threads that make and encode pictures in each scene process")
    view_limit: int = Field(32, ge=4, description="slice and 3D views of a scene at most")
    graphics_max_mb: int = Field(256, ge=1, description="largest geometry that is sent, before it is encoded")
    max_files: int = Field(20_000, ge=1, description="files looked at when a folder is loaded")
    max_text_mb: int = Field(16, ge=1, description="largest file of the kinds that are text: markups, tables, colours, scenes")
    max_control_points: int = Field(20_000, ge=1, description="control points that one markups file may hold")
    bundle_max_mb: int = Field(4096, ge=1, description="what a zipped scene may unpack to")
    bundle_max_files: int = Field(10_000, ge=1, description="files that a zipped scene may hold")
    bundle_max_ratio: int = Field(500, ge=1, description="how many times a zipped scene may grow when unpacked to over 64 MB")
    undo_steps: int = Field(100, ge=1, le=10_000, description="edits of a scene that can be taken back")
    undo_mb: int = Field(256, ge=1, description="memory of a scene process for what takes edits back; the oldest go first")
    url_allow_hosts: list[str] = Field([], description="hosts that scans may be downloaded from; empty: any public one")
    url_allow_private: bool = Field(False, description="also download from loopback and private addresses")
    url_max_mb: int = Field(2048, ge=1, description="largest download")
    url_timeout_s: float = Field(300.0, gt=0, description="longest download")
    link_allow_hosts: list[str] = Field(
        [],
        description="servers that studies and the files of slicer: links may be fetched from, as NAME or NAME:PORT, "
        "private addresses too",
    )
    study_max_mb: int = Field(16384, ge=1, description="largest study fetched from another server")
    study_max_instances: int = Field(20_000, ge=1, description="most instances of a study fetched from another server")
    study_answer_mb: int = Field(
        256, ge=1, description="largest list or metadata of a study that another server may answer with"
    )
    study_timeout_s: float = Field(3600.0, gt=0, description="longest fetch of a study")
    study_silence_s: float = Field(
        60.0, gt=0, description="silence after which a server that a study or a link's file is fetched from is given up"
    )
    enable_dicom: bool = Field(True, description="listen for DICOM associations: C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET")
    dicom_host: str = Field("127.0.0.1", description="address of the DICOM listener; others than loopback need dicom_allow")
    dicom_port: int = Field(11112, ge=0, le=65535, description="port of the DICOM listener; 0 for any free one")
    dicom_aet: str = Field("SLICECAST", description="our AE title, for calling and being called")
    dicom_check_called: bool = Field(False, description="reject associations that call another AE title than ours")
    dicom_allow: list[str] = Field(
        [], description="who may open associations, as AET, AET@ADDRESS or @ADDRESS; empty: anybody who reaches the port"
    )
    dicom_peers: list[str] = Field(
        [], description="applications to query, retrieve from, send to, and move to when others ask, as NAME=AET@HOST:PORT"
    )
    dicom_associations: int = Field(16, ge=1, description="associations of the DICOM listener at a time")
    dicom_pdu_kb: int = Field(128, ge=4, le=4096, description="largest PDU that is taken from others")
    dicom_timeout_s: float = Field(60.0, gt=0, description="silence after which an association is given up")
    dicom_tls_certificate: Path | None = Field(None, description="PEM file of a certificate; the DICOM listener then wants TLS")
    dicom_tls_key: Path | None = Field(None, description="PEM file of the key of that certificate")
    dicom_tls_trusted: Path | None = Field(None, description="PEM file of who vouches for peers, which then need a certificate")
    dicom_matches: int = Field(1000, ge=1, description="matches that a query of a peer may answer with")
    shared_views_kept: int = Field(1000, ge=1, description="views shared by a link that are kept; the oldest go first")
    jobs_running: int = Field(2, ge=1, description="pieces of long work under way at a time")
    jobs_waiting: int = Field(32, ge=0, description="pieces of long work that wait for their turn")
    jobs_kept: int = Field(100, ge=0, description="pieces of long work remembered after their end")
    start_timeout_s: float = Field(60.0, gt=0, description="how long a scene process may take to start")
    command_timeout_s: float = Field(30.0, gt=0, description="how long a scene process may be busy with one request")
    load_timeout_s: float = Field(600.0, gt=0, description="how long loading may take")
    exec_timeout_s: float = Field(60.0, gt=0, description="how long users' Python may run before it is interrupted")
    exec_waiting: int = Field(32, ge=1, description="requests to run Python that may wait for their turn")
    exec_output_kb: int = Field(256, ge=1, le=8192, description="of what users' Python prints in one run, how much is kept")
    exec_result_mb: int = Field(32, ge=1, le=40, description="largest result of users' Python")
    exec_records: int = Field(100, ge=1, description="runs of users' Python that are remembered")
    sample_folder: Path | None = Field(
        None, description="folder with files of sample data, under their names or SHA-256; looked into before downloading"
    )
    sample_urls: list[str] = Field(
        [
            "https://github.com/Slicer/SlicerTestingData/releases/download/SHA256",
            "https://github.com/Slicer/SlicerDataStore/releases/download/SHA256",
        ],
        description="stores of sample data, by SHA-256; an empty list switches downloads off",
    )
    sample_catalogue: Path | None = Field(None, description="JSON file of further sample data (docs/sample-data.md)")
    heartbeat_timeout_s: float = Field(
        10.0, gt=0, description="silence after which a scene process counts as hung, unless it is given longer for what it does"
    )
    max_restarts: int = Field(5, ge=0, description="restarts of a scene process within a minute before giving up")
    stop_timeout_s: float = Field(10.0, gt=0, description="how long a stop waits for work under way")
    stream_message_bytes: int = Field(65536, ge=16384, description="largest message a stream client may send")
    stream_messages_per_s: int = Field(200, ge=1, description="messages a stream client may send")
    stream_events_per_s: int = Field(1000, ge=1, description="input events a stream client may send")
    stream_views: int = Field(16, ge=1, description="views that one stream client may have open")
    stream_video: bool = Field(True, description="video for stream clients over narrow links, where PyAV is installed")
    video_encoders: list[Literal["auto", "h264_nvenc", "av1_nvenc", "libvpx-vp9", "libsvtav1", "libx264"]] = Field(
        ["auto"],
        description="what codes video, by preference; auto: h264_nvenc and av1_nvenc where there is a GPU, and libvpx-vp9",
    )
    stream_connections: int = Field(64, ge=1, description="stream clients at a time")
    stream_role: Literal["steer", "point", "watch"] = Field(
        "steer", description="role of stream clients that come while somebody steers"
    )
    stream_watch_rate: float = Field(600.0, ge=1, description="pictures a second for all who only watch a stream, together")
    stream_hello_s: float = Field(5.0, gt=0, description="how long a stream client may take to say hello")
    stream_resume_s: float = Field(60.0, ge=0, description="how long a lost stream client may come back")
    stream_idle_s: float = Field(60.0, gt=0, description="silence after which a stream client is closed")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log lines shown")
    log_format: Literal["console", "json"] = Field("console", description="log lines for people or for machines")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line (given as arguments), then environment, then the TOML file of `SLICECAST_CONFIG`."""
        file = os.environ.get("SLICECAST_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *toml)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can connect."""
        return self.host in LOOPBACK
