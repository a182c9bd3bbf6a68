"""Texts made comparable."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Without case and accents: `Müller^Ærø` → `muller^ærø`; for comparing, never for showing."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", "".join(c for c in decomposed if not unicodedata.combining(c)).casefold())
