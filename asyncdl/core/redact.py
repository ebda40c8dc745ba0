"""Takes secrets out of text before it reaches a log, the journal or a screen."""

from __future__ import annotations

import re

HIDDEN = "***"
_RULES = (
    # scheme://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    # --password X, --username=X, --cookies FILE and their like
    (
        re.compile(
            r"(--(?:ap-|video-)?(?:password|username|cookies(?:-from-browser)?|client-certificate-password"
            r"|twofactor)|(?<!\S)-[pu2])([ =]+)(?:'[^']*'|\"[^\"]*\"|\S+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # -pX, and what lets a guest session be taken over
    (re.compile(r"(?<!\S)(-[pu2])(?=[^\s=-])\S+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(po_token|visitor_data|data_sync_id)=[^;\s\"']+"), rf"\1={HIDDEN}"),
    # header lines that carry credentials
    (
        re.compile(r"\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*:\s*)[^\n\"']+", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
    # what signs a media address, and the address it was signed for
    (re.compile(r"([?&/](?:sig|signature|lsig|ip|pot)[=/])[^&/\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
)


def redact(text: str) -> str:
    """Answer ``text`` with credentials of addresses, options and headers replaced by asterisks."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
