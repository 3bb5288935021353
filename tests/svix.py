"""Svix's verifier of signatures, without its client, whose models take a second to import."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svix.webhooks import Webhook, WebhookVerificationError
else:
    _package = find_spec("svix")
    _spec = spec_from_file_location("svix_webhooks", Path(_package.origin).with_name("webhooks.py"))
    _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
    Webhook, WebhookVerificationError = _module.Webhook, _module.WebhookVerificationError

__all__ = ["Webhook", "WebhookVerificationError"]
