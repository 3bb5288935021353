"""Deliveries of v2 over a real socket, verified by the vendors' own libraries."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import pytest
import standardwebhooks

from emulator import serving
from emulator.clock import EPOCH
from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.signing import SigningScheme, sign, verify
from emulator.emulator import Emulator
from emulator.errors import ConflictError, InvalidInputError
from emulator.receiver import Receiver
from emulator.workspace.canonical import canonical
from emulator.workspace.entry_data import Settings
from tests import plain_http, svix

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import Receive, Scope, Send

    from emulator.domain.webhook import Webhook
    from emulator.receiver import Received
    from emulator.workspace.workspace import Workspace

pytestmark = pytest.mark.slow

DEADLINE = 30.0  # real seconds
HOUR = 3_600.0
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
HEX = SigningScheme("hmac-sha256-hex", header="X-Acme-Signature")
WEBHOOK = SigningScheme("standard", prefix="webhook-")
NO_SECRET = "not a secret to sign with; expected 'whsec_' and a key in base64 with its padding"
UNFIT = "does not fit: another secret, or the body was changed on the way"


@asynccontextmanager
async def opened(
    *statuses: int, signature: SigningScheme | None = None
) -> AsyncIterator[tuple[Workspace, Receiver]]:
    """Open a v2 workspace on a virtual clock, and a consumer on a socket."""
    profile = None if signature is None else Profile(retries=(5.0,), signature=signature)
    settings = Settings(7, "virtual", generation="v2", profile=profile)
    async with (
        asyncio.timeout(DEADLINE),
        Receiver(statuses=statuses or (200,)) as receiver,
        Emulator() as emulator,
    ):
        yield emulator.workspace("acme", settings), receiver


def hook(workspace: Workspace, url: str, secret: str | None = None) -> Webhook:
    events = ["assessment.created"]
    return workspace.add_webhook(name="ats", payload_url=url, events=events, secret=secret)


def verified(request: Received, secret: str | None) -> bool:
    """Whether the vendor's own library takes the request."""
    assert secret is not None
    headers = dict(request.headers)
    try:
        if "svix-id" in headers:
            svix.Webhook(secret).verify(request.body, headers)
        else:
            standardwebhooks.Webhook(secret).verify(request.body, headers)
    except (svix.WebhookVerificationError, standardwebhooks.WebhookVerificationError):
        return False
    return True


# --- signatures -----------------------------------------------------------------------------


def test_every_attempt_has_a_new_signature_and_the_message_s_id() -> None:
    async def main() -> None:
        async with opened(500, 302, 200) as (workspace, receiver):
            webhook = hook(workspace, receiver.url, SECRET)
            before = int(time.time())
            workspace.create_assessment()
            await workspace.advance(HOUR)
            (delivery,) = workspace.deliveries()
            assert [attempt.answer for attempt in delivery.attempts] == ["500", "302", "200"]
            assert webhook.secret == SECRET
            for request in receiver.requests:
                assert verified(request, SECRET)
                assert not verified(request, OTHER)
                assert request.header("svix-id") == delivery.message.id
                # Real time, although the workspace's clock is in January.
                assert before <= int(request.header("svix-timestamp") or 0) <= time.time()
            assert len(receiver.requests) == 3

    asyncio.run(main())


def test_a_damaged_a_skewed_and_an_unsigned_request_are_refused_by_the_vendor_too() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            hook(workspace, receiver.url, SECRET)
            workspace.create_assessment()
            await workspace.settle()
            (request,) = receiver.requests
            headers = dict(request.headers)
            svix.Webhook(SECRET).verify(request.body, headers)
            old = sign(
                SigningScheme("standard"), [SECRET], message_id="m", body=request.body,
                now=time.time() - 301,
            )  # fmt: skip
            without = {k: v for k, v in headers.items() if k != "svix-signature"}
            for body, changed in (
                (request.body + b" ", headers),
                (request.body, headers | dict(old)),
                (request.body, without),
            ):
                with pytest.raises(svix.WebhookVerificationError):
                    svix.Webhook(SECRET).verify(body, changed)
                ours = tuple(changed.items())
                assert not verify(
                    SigningScheme("standard"), SECRET, ours, body, now=time.time()
                ).holds

    asyncio.run(main())


def test_the_other_prefix_is_standard_webhooks() -> None:
    async def main() -> None:
        async with opened(signature=WEBHOOK) as (workspace, receiver):
            hook(workspace, receiver.url, SECRET)
            workspace.create_assessment()
            await workspace.settle()
            (request,) = receiver.requests
            assert request.header("svix-id") is None
            assert verified(request, SECRET)
            assert not verified(request, OTHER)

    asyncio.run(main())


def test_hex_under_a_header_of_the_user_s_choice() -> None:
    async def main() -> None:
        async with opened(signature=HEX) as (workspace, receiver):
            hook(workspace, receiver.url, "any text")
            workspace.create_assessment()
            await workspace.settle()
            (request,) = receiver.requests
            assert verify(HEX, "any text", request.headers, request.body, now=0).holds
            assert not [name for name, _ in request.headers if "svix" in name]

    asyncio.run(main())


def test_v1_and_v2_are_delivered_to_at_once_and_v1_is_not_signed() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            hook(workspace, f"{receiver.url}/v2")
            workspace.add_webhook(
                name="old", payload_url=f"{receiver.url}/v1", events=["created"],
                secret="s3cret", generation="v1",
            )  # fmt: skip
            workspace.create_assessment()
            await workspace.settle()
            signed = {
                request.path: request.header("svix-signature") for request in receiver.requests
            }
            assert signed["/v1"] is None
            assert signed["/v2"]

    asyncio.run(main())


# --- secrets --------------------------------------------------------------------------------


def test_a_webhook_without_a_secret_gets_one_made_from_the_seed() -> None:
    async def main() -> list[str | None]:
        async with opened() as (workspace, receiver):
            first, second = hook(workspace, receiver.url), hook(workspace, receiver.url)
            workspace.create_assessment()
            await workspace.settle()
            taken = [[verified(request, it.secret) for request in receiver.requests]
                     for it in (first, second)]  # fmt: skip
            assert sorted(taken) == [[False, True], [True, False]]
            same = workspace.edit_webhook(first.id, name="better")
            assert same.secret == first.secret
            assert workspace.edit_webhook(first.id, secret=None).secret == first.secret
            return [first.secret, second.secret]

    assert asyncio.run(main()) == asyncio.run(main())


def test_a_secret_that_can_t_sign_is_refused_and_changes_nothing() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            message = f"{NO_SECRET} (at $.secret)"
            with pytest.raises(InvalidInputError) as error:
                hook(workspace, receiver.url, "s3cret")
            assert str(error.value) == message
            webhook = hook(workspace, receiver.url, SECRET)
            before = workspace.last_entry
            with pytest.raises(InvalidInputError) as error:
                workspace.edit_webhook(webhook.id, secret="whsec_?")
            assert str(error.value) == message
            with pytest.raises(InvalidInputError) as error:
                workspace.rotate_secret(webhook.id, "whsec_?")
            assert str(error.value) == message
            assert workspace.last_entry == before

    asyncio.run(main())


def test_a_profile_that_the_secrets_there_are_do_not_go_with_is_refused() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            webhook = workspace.add_webhook(
                name="old", payload_url=receiver.url, events=["created"], secret="s3cret",
                generation="v1",
            )  # fmt: skip
            before = workspace.last_entry
            with pytest.raises(ConflictError) as error:
                workspace.configure(Settings(7, profile=Profile(signature=WEBHOOK)))
            assert str(error.value) == f"webhook {webhook.id}: {NO_SECRET}"
            assert workspace.last_entry == before
            workspace.configure(Settings(7, profile=Profile(signature=HEX)))
            workspace.create_assessment()
            await workspace.settle()
            (request,) = receiver.requests
            assert verify(HEX, "s3cret", request.headers, request.body, now=0).holds
            workspace.configure(Settings(7, profile=Profile()))
            with pytest.raises(ConflictError) as error:
                workspace.rotate_secret(webhook.id)
            nothing = f"webhook {webhook.id} signs nothing: its profile has no signature"
            assert str(error.value) == nothing

    asyncio.run(main())


def test_a_webhook_that_is_older_than_its_profile_gets_a_secret_by_rotation() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            workspace.configure(Settings(7, profile=Profile()))
            webhook = hook(workspace, receiver.url)
            assert webhook.secret is None
            workspace.configure(Settings(7, profile=Profile(signature=WEBHOOK)))
            workspace.create_assessment()
            await workspace.settle()
            assert receiver.requests[-1].header("webhook-id") is None
            rotated = workspace.rotate_secret(webhook.id)
            workspace.create_assessment()
            await workspace.settle()
            assert verified(receiver.requests[-1], rotated.secret)
            assert rotated.old_secrets == ()

    asyncio.run(main())


def test_a_rotated_secret_also_signs_for_24_hours() -> None:
    async def main() -> None:
        async with opened() as (workspace, receiver):
            webhook = hook(workspace, receiver.url, SECRET)
            given = workspace.rotate_secret(webhook.id, OTHER)
            made = workspace.rotate_secret(webhook.id)
            secrets = [made.secret, OTHER, SECRET]
            assert given.secret == OTHER
            assert workspace.state.webhook(webhook.id).secrets_at(workspace.now()) == tuple(secrets)
            assert not [one for one in secrets if str(one) in repr((made, made.old_secrets))]

            async def taken() -> list[bool]:
                workspace.create_assessment()
                await workspace.settle()
                return [verified(receiver.requests[-1], secret) for secret in secrets]

            assert await taken() == [True, True, True]
            await workspace.advance(24 * HOUR - 0.001)
            assert await taken() == [True, True, True]
            await workspace.advance(0.001)
            assert await taken() == [True, False, False]
            again = workspace.rotate_secret(webhook.id)
            assert [old.secret for old in again.old_secrets] == [made.secret]
            at_once = workspace.edit_webhook(webhook.id, secret=SECRET)
            assert at_once.secrets_at(workspace.now()) == (SECRET,)

    asyncio.run(main())


# --- retries --------------------------------------------------------------------------------


class Steering:
    """A consumer that fails, and controls the next attempt by headers."""

    def __init__(self, **headers: str) -> None:
        self.count = 0
        self._headers = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        while (await receive()).get("more_body"):
            pass
        self.count += 1
        await send({"type": "http.response.start", "status": 503, "headers": self._headers})
        await send({"type": "http.response.body", "body": b""})


async def steered(consumer: Steering) -> Workspace:
    """Deliver once to *consumer*, let 40 hours go by, return the workspace."""
    async with (
        asyncio.timeout(DEADLINE),
        serving.serving(consumer, serving.listen("127.0.0.1", 0)) as url,
        Emulator(seed=7, clock="virtual", generation="v2") as emulator,
    ):
        workspace = emulator.workspace()
        hook(workspace, url)
        workspace.create_assessment()
        await workspace.advance(40 * HOUR)
        return workspace


def starts(workspace: Workspace) -> list[float]:
    (delivery,) = workspace.deliveries()
    assert (delivery.status, delivery.reason) == ("failed", "answered 503")
    return [(attempt.at - EPOCH).total_seconds() for attempt in delivery.attempts]


def test_the_schedule_plays_out_over_27_hours() -> None:
    expected = [0.0]
    for pause in PROFILES["v2"].retries:
        expected.append(expected[-1] + pause)
    assert starts(asyncio.run(steered(Steering()))) == expected


def test_retry_after_stretches_the_pauses() -> None:
    found = starts(asyncio.run(steered(Steering(retry_after="60"))))
    assert found[:4] == [0, 60, 360, 2_160]


def test_abort_message_stops_the_retries_and_a_redelivery_still_goes() -> None:
    async def main() -> None:
        consumer = Steering(webhook_delivery="abort-message")
        async with (
            asyncio.timeout(DEADLINE),
            serving.serving(consumer, serving.listen("127.0.0.1", 0)) as url,
            Emulator(seed=7, clock="virtual", generation="v2") as emulator,
        ):
            workspace = emulator.workspace()
            hook(workspace, url)
            workspace.create_assessment()
            await workspace.advance(40 * HOUR)
            assert starts(workspace) == [0]
            delivery = await workspace.redeliver("1-1")
            assert [attempt.trigger for attempt in delivery.attempts] == ["scheduled", "manual"]
            await workspace.advance(40 * HOUR)
            assert consumer.count == 2

    asyncio.run(main())


def test_two_runs_of_one_seed_differ_only_in_measured_values() -> None:
    def run() -> bytes:
        return canonical(asyncio.run(steered(Steering(retry_after="60"))).entries())

    first = run()
    assert b"svix-signature" in first
    assert first == run()


# --- listen --verify ------------------------------------------------------------------------


@contextmanager
def listening(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "emulator", "listen", "--port", "0", "--no-body", *arguments]
    environment = os.environ | {"NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield line.removeprefix("listening on ").removesuffix("/ (any path)\n"), process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> list[str]:
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=DEADLINE)
    return out.splitlines()


@pytest.mark.parametrize("signature", [None, WEBHOOK])
def test_listen_verifies_signatures_and_answers_401_to_invalid_ones(
    signature: SigningScheme | None,
) -> None:
    async def deliver(url: str) -> list[str]:
        async with opened(signature=signature) as (workspace, _):
            webhook = hook(workspace, url, SECRET)
            workspace.create_assessment()
            await workspace.settle()
            workspace.edit_webhook(webhook.id, secret=OTHER)
            workspace.create_assessment()
            await workspace.settle()
            return [delivery.attempts[0].answer for delivery in workspace.deliveries()]

    prefix = "svix-" if signature is None else signature.prefix
    missing = "no header svix-id, svix-timestamp, svix-signature"
    with listening("--verify", SECRET) as (url, process):
        assert asyncio.run(deliver(url)) == ["200", "401"]
        assert plain_http.post(url, content=b"{}").status_code == 401
        assert ended(process) == [
            "POST  /  created  -> 200  valid signature",
            f"POST  /  created  -> 401  invalid signature: {prefix}signature {UNFIT}",
            f"POST  /  -  -> 401  invalid signature: {missing}",
        ]


def test_listen_verifies_hex_under_a_header() -> None:
    with listening("--verify", "s", "--verify-header", HEX.header, "--status", "204") as (
        url,
        process,
    ):
        headers = dict(sign(HEX, ["s"], message_id="", body=b"{}", now=0))
        for body, status in ((b"[]", 401), (b"{}", 204)):
            answer = plain_http.post(url, content=body, headers=headers)
            assert answer.status_code == status
        assert ended(process) == [
            f"POST  /  -  -> 401  invalid signature: X-Acme-Signature {UNFIT}",
            "POST  /  -  -> 204  valid signature",
        ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--verify", "s3cret"], f"{NO_SECRET} (at --verify)"),
        (
            ["--verify-header", "X-A"],
            "--verify-header needs --verify SECRET",
        ),
        (
            ["--verify", "s", "--verify-header", "a b"],
            "not a header name: 'a b' (at --verify-header)",
        ),
    ],
)
def test_listen_rejects_options_that_it_can_not_verify_with(
    arguments: list[str], message: str
) -> None:
    command = [sys.executable, "-m", "emulator", "listen", "--port", "0", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"error: {message}\n")
