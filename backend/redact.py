"""Taking secrets out of what is shown or logged."""

from __future__ import annotations

import re

HIDDEN = "***"
_WORDS = "token|secret|passw(?:or)?d|pwd|api[_-]?key|credential|signature|authorization|session[_-]?id"
NAMES = rf"[\w.-]*(?:{_WORDS})[\w.-]*+|key|sig|auth"
_ASSIGNED = re.compile(rf"(?i)(?<![\w.-])({NAMES})(\s*(?:=|%3D)\s*)([^\s&;,'\"<>)\]}}]+|'[^']*'?|\"[^\"]*\"?)")
_FIELD = re.compile(rf"(?i)([\"']({NAMES})[\"']\s*:\s*)(\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s,}}\]]+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)[\w.~+/=-]{6,}")
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}(?:://|%3A%2F%2F))[^\s/@%]+(?:%3A[^\s/@]*)?(@|%40)")
_SUSPECT = re.compile(r"(?i)token|secret|passw|pwd|key|credential|sig|auth|session|bearer|basic|@|%40")
"""Without any of these there is nothing to hide; most requests have none, and this is one look instead of four."""


def redact(text: str) -> str:
    """The text with the values of what is called token, key, password and the like, and names in URLs, replaced by `***`."""
    if _SUSPECT.search(text) is None:
        return text
    text = _BEARER.sub(rf"\1\2{HIDDEN}", text)
    text = _FIELD.sub(rf"\1{HIDDEN}", text)
    text = _ASSIGNED.sub(rf"\1\2{HIDDEN}", text)
    return _USER_INFO.sub(rf"\1{HIDDEN}\2", text)
