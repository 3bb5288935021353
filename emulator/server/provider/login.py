"""Calls without an access token: login by a code, and the registration of a reseller's customer.

Source: the paths and the fields of the login are documented, the answer of its last call is not.
Of the registration, lengths and kinds of the fields are documented; path, names and answer are
assumed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator.domain.payloads.links import workspace_url
from emulator.domain.team import OWNER
from emulator.errors import ConflictError, InvalidInputError, UnauthorizedError
from emulator.server.field_types import Email, schema
from emulator.server.operations import NoQuery, Operation, Record
from emulator.workspace.names import DEFAULT_WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.emulator import Emulator
    from emulator.server.operations import Call
    from emulator.workspace.workspace import Workspace

API_KEY = "X-Api-Key"
"""Header of the registration (its name is assumed)."""

_SLUG = re.compile(r"(?:https?://)?([A-Za-z0-9][A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9.-]*)?/?")


class SendCode(Record, frozen=True):
    """The body of the first call, with the user who logs in."""

    provenance = "documented"

    email: Email
    provider: str = "email"
    action: str = ""
    language: str = "en"
    domain_name: Annotated[
        str, msgspec.Meta(description="Workspace or organisation; the default one when empty.")
    ] = ""


class VerifyCode(Record, frozen=True):
    """The body of the second call: the code."""

    provenance = "documented"

    email: str
    otp: str
    provider: str = "email"


class AccessKey(Record, frozen=True):
    """The answer to a code."""

    provenance = "documented"

    access_key: str


class LogIn(Record, frozen=True):
    """The body of the third call; *accesskey* has no capital letter here."""

    provenance = "documented"

    email: str
    accesskey: str
    provider: str = "email"


class LoggedIn(Record, frozen=True):
    """The answer of the third call."""

    provenance = "assumed"

    access_token: str
    workspace_url: str
    org_id: str
    user_id: str


class ResellerHeaders(Record, frozen=True):
    """The headers of a registration."""

    provenance = "assumed"

    api_key: Annotated[str, schema(minLength=1)] = msgspec.field(name=API_KEY)


class Register(Record, frozen=True):
    """The body of a registration."""

    provenance = "assumed"

    workspace_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    workspace_url: Annotated[
        str, msgspec.Meta(min_length=1, max_length=75), schema(pattern=f"^{_SLUG.pattern}$")
    ]
    email: Annotated[Email, msgspec.Meta(min_length=5, max_length=100)]
    terms: Annotated[bool, schema(const=True)]
    promotion: bool
    provider: str = "email"


class Registered(Record, frozen=True):
    """A workspace that was registered."""

    provenance = "assumed"

    org_id: str
    user_id: str
    workspace_name: str
    workspace_url: str
    email: str


async def send_code(call: Call[NoQuery, SendCode]) -> None:
    """Begin a login: 204; the code is in the journal of the workspace."""
    asked = await call.body()
    workspace = _by_domain(call.emulator, asked.domain_name)
    workspace.access.send_code(asked.email)
    await workspace.flush()


async def verify_code(call: Call[NoQuery, VerifyCode]) -> AccessKey:
    """Change the code for an access key."""
    asked = await call.body()
    wrong = UnauthorizedError("no login was started for this address")
    for workspace in _with_login(call.emulator, asked.email):
        try:
            key = workspace.access.verify_code(asked.email, asked.otp)
        except UnauthorizedError as error:
            wrong = error
        else:
            await workspace.flush()
            return AccessKey(key)
    raise wrong


async def log_in(call: Call[NoQuery, LogIn]) -> LoggedIn:
    """Change the access key for an access token."""
    asked = await call.body()
    wrong = UnauthorizedError("no login was started for this address")
    for workspace in _with_login(call.emulator, asked.email):
        try:
            _, token = workspace.access.log_in(asked.email, asked.accesskey)
        except UnauthorizedError as error:
            wrong = error
        else:
            await workspace.flush()
            organisation = workspace.state.organisation
            return LoggedIn(
                access_token=token,
                workspace_url=workspace_url(organisation),
                org_id=organisation.id,
                user_id=organisation.user_id,
            )
    raise wrong


async def register(call: Call[NoQuery, Register]) -> Registered:
    """Open a workspace for a reseller's customer: 201."""
    if not call.request.headers.get(API_KEY):
        message = f"no API key; expected the header {API_KEY!r}"
        raise UnauthorizedError(message)
    asked = await call.body()
    found = _SLUG.fullmatch(asked.workspace_url)
    if found is None:
        message = f"not a workspace URL: {asked.workspace_url!r}; expected one like 'acme'"
        raise InvalidInputError(message, path="$.workspaceUrl")
    if not asked.terms:
        message = "the terms have to be accepted"
        raise InvalidInputError(message, path="$.terms")
    emulator, name = call.emulator, found[1]
    if name in emulator.workspaces:
        message = f"workspace {name!r} already exists"
        raise ConflictError(message)
    settings = msgspec.structs.replace(emulator.settings_of(name), organisation_name=name)
    workspace = emulator.workspace(name, settings)
    owner = {"email": asked.email, "role": OWNER, "role_id": workspace.state.owner.role_id}
    workspace.access.invite_members([owner])
    await workspace.flush()
    organisation = workspace.state.organisation
    return Registered(
        org_id=organisation.id,
        user_id=organisation.user_id,
        workspace_name=asked.workspace_name,
        workspace_url=workspace_url(organisation),
        email=asked.email,
    )


def _by_domain(emulator: Emulator, domain: str) -> Workspace:
    """Return the workspace of that name, or whose organisation has it; an unknown one is opened."""
    found = _SLUG.fullmatch(domain)
    name = found[1] if found else domain or DEFAULT_WORKSPACE
    for workspace in emulator.workspaces.values():
        if name in (workspace.name, workspace.state.organisation.name):
            return workspace
    return emulator.by_token(name)


def _with_login(emulator: Emulator, email: str) -> Iterator[Workspace]:
    address = email.casefold()
    for workspace in emulator.workspaces.values():
        if address in workspace.state.logins:
            yield workspace


OPERATIONS = (
    Operation(
        "sendLoginCode", "POST", "/v1/public/auth/otp", send_code,
        "Send a login code; it is in the journal of the workspace.",
        None, body=SendCode, status=204, has_workspace=False,
    ),
    Operation(
        "verifyLoginCode", "POST", "/v1/public/auth/otp/verify", verify_code,
        "Change a login code for an access key.",
        AccessKey, body=VerifyCode, is_wrapped=False, has_workspace=False,
    ),
    Operation(
        "logIn", "POST", "/v1/public/auth/login", log_in,
        "Change an access key for an access token.",
        LoggedIn, body=LogIn, has_workspace=False,
    ),
    Operation(
        "registerReseller", "POST", "/v1/reseller/register", register,
        "Open a workspace for a reseller's customer.",
        Registered, headers=ResellerHeaders, body=Register, status=201,
        page="register_reseller", has_workspace=False,
    ),
)  # fmt: skip
