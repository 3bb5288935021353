"""Names of workspaces: from access tokens, and in the paths of pages."""

from __future__ import annotations

import re
from hashlib import blake2b, sha256

DEFAULT_WORKSPACE = "default"
"""The workspace that is always open."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def is_name(text: str) -> bool:
    """Return whether a workspace can be called so."""
    return _NAME.fullmatch(text) is not None


def workspace_name(token: str) -> str:
    """Return the name of the workspace that *token* opens.

    A token that is a plain word is the name. Other tokens may be secrets, so their hash is used.
    """
    if is_name(token):
        return token
    return f"token-{sha256(token.encode()).hexdigest()[:16]}"


def pages_path(name: str) -> str:
    """Return the path of a workspace's pages; its name, which is an access token, is not in it."""
    return f"/w/{blake2b(name.encode(), digest_size=8).hexdigest()}"
