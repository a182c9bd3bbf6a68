"""The life of a server, from its start to its stop."""

from __future__ import annotations

import asyncio
import sys

from backend import __version__, log
from backend.config import Settings
from backend.errors import SlicecastError
from backend.sessions.journal import Journal, folder_of
from backend.sessions.opening import check_arguments, open_arguments
from backend.sessions.session import Session

LOOK_EVERY_S = 0.001


async def run(settings: Settings, arguments: list[str]) -> int:
    """Serve until told to stop.

    Raises:
        SlicecastError: it can not be served as the settings say.
    """
    session = Session("default", settings, Journal(folder_of(settings, "default")))
    starting = asyncio.create_task(session.start())
    while session.pid is None and not starting.done():
        await asyncio.sleep(LOOK_EVERY_S)
    # The scene process takes longest to come up. What this process still has to load it loads meanwhile, on another processor.
    from backend.doors import open_doors, url_host
    from backend.http.server import Server

    server = Server(settings)
    try:
        port = open_doors(session, settings, server)
    except BaseException:
        starting.cancel()
        await session.stop()
        raise
    print(f"Slicecast {__version__} at http://{url_host(settings)}:{port}/   viewer: /viewer/", flush=True)  # noqa: T201

    async def begin() -> None:
        try:
            await starting
        except SlicecastError as error:
            log.get("server").error("no scene", why=str(error))
            server.stop()
            return
        await open_arguments(session, arguments, settings)

    beginning = asyncio.create_task(begin())
    await server.run()
    beginning.cancel()
    return 0


def serve(settings: Settings, arguments: list[str]) -> int:
    """Serve `arguments` (files, folders, URLs; none for the demo) until stopped; returns the exit code."""
    log.configure(settings.log_level, settings.log_format)
    if not settings.is_loopback:
        if not settings.allow_unauthenticated_remote:
            sys.stderr.write(
                f"Listening on {settings.host} lets everybody who reaches it use the server without a password.\n"
                "If that is meant, add --allow-unauthenticated-remote.\n"
            )
            return 1
        sys.stderr.write(f"WARNING: everybody who reaches {settings.host} can use this server without a password.\n")
    try:
        check_arguments(arguments)
        return asyncio.run(run(settings, arguments))
    except SlicecastError as error:
        sys.stderr.write(f"slicecast: {error}\n")
        return 1
