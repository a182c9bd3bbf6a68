"""Where a request comes from and where it was sent: pages of other sites must not make this server fetch anything."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult

from backend.errors import ForbiddenError
from backend.http.base import LOCAL_NAMES, BaseHandler
from backend.security.addresses import port_of


def require_own_page(handler: BaseHandler) -> None:
    """Refuse a request that a browser sends on behalf of another site, unless CORS is on for it.

    Programs send none of the headers that this looks at, and pass.

    Raises:
        ForbiddenError: it comes from another site.
    """
    if handler.is_from_page_without_leave:
        raise ForbiddenError("a page of another site may not ask for this; switch CORS on for it if that is meant")


def wants_page(handler: BaseHandler) -> bool:
    """Whether a browser asks in order to show the answer as a page."""
    headers = handler.request.headers
    return headers.get("Sec-Fetch-Dest", "") == "document" or "text/html" in headers.get("Accept", "")


def is_own_address(handler: BaseHandler, address: SplitResult) -> bool:
    """Whether an address is one of this server: a local name with the port it listens on, or a configured name.

    What Host says is not believed here, since its port may be anybody's.
    """
    connection: Any = handler.request.connection
    listens_on = int(connection.stream.socket.getsockname()[1])
    name = (address.hostname or "").lower()
    if name in (*LOCAL_NAMES, handler.config.host):
        return port_of(address) == listens_on
    return name in [one.lower() for one in handler.config.allowed_hosts] and port_of(address) in (listens_on, 80, 443)
