"""Generated people, organisations and proctoring data; never a real person or address."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import ObjectId, object_id

if TYPE_CHECKING:
    import random
    from datetime import datetime

# Not from Faker, because every workspace has an organisation, and loading Faker would slow down
# the start. The words show that the data are made up.
_ORGANISATION_FIRST = (
    "acorn", "amber", "birch", "cobalt", "copper", "demo", "example", "fern", "harbor", "hazel",
    "juniper", "lantern", "maple", "mock", "paper", "pebble", "sample", "silver", "tidal", "willow",
)  # fmt: skip
_ORGANISATION_SECOND = (
    "bakery", "bridge", "cargo", "clinic", "craft", "factory", "fields", "foods", "games",
    "garden", "hire", "labs", "market", "media", "motors", "press", "studio", "tools", "travel",
    "works",
)  # fmt: skip

_CITIES = (
    "Dummyville", "Exampleton", "Fakeford", "Madeupham", "Mockbury", "Placeholder Bay",
    "Sampleton", "Testhaven",
)  # fmt: skip
_STATES = ("Example State", "North Example", "Sample State", "South Sample")
_STREETS = (
    "Demo Lane", "Example Street", "Fixture Road", "Lorem Avenue", "Mock Square",
    "Placeholder Way", "Sample Street", "Stub Hill",
)  # fmt: skip
_COUNTRY = "Exampleland"
_DEVICES = ("Macintosh PC", "Windows PC", "Linux PC")


class Person(msgspec.Struct, frozen=True):
    """A made-up person; *email* is at ``example.com``, ASCII and lower case."""

    first_name: str
    last_name: str
    email: str


class Organisation(msgspec.Struct, frozen=True):
    """The organisation of a workspace.

    Attributes:
        name: ``orgName`` in payloads, and the sub-domain of its links at ``testlify.com``.
        user_id: id of the user who acts for it.
    """

    id: ObjectId
    name: str
    user_id: ObjectId


class Monitor(msgspec.Struct, frozen=True):
    """The observations of the anti-cheating monitor (``antiCheatingMonitor`` in payloads).

    Payloads have sixteen keys: *location* is there twice, and the IP address is always masked
    (documented). For a candidate who never left the window, *screen_left_count* and
    *time_spent_outside_ms* are 0, and *is_full_screen_active* is true.

    Attributes:
        location: street, city, city and post code, country.
        latitude: degrees, a string (documented).
        longitude: degrees, a string (documented).
        time_spent_outside_ms: milliseconds, whole seconds of them (documented: 157000).
        is_mouse_in_window: whether the mouse is over the assessment.
        screen_left_count: how often the candidate left the window.
        is_same_ip: whether the whole test came from one address.
    """

    id: ObjectId
    city: str
    state: str
    country: str
    location: str
    device: str
    latitude: str
    longitude: str
    time_spent_outside_ms: int
    screen_left_count: int
    is_full_screen_active: bool
    is_mouse_in_window: bool
    is_mic_enabled: bool
    is_same_ip: bool


def person(draw: random.Random) -> Person:
    """Return a made-up person with names from Faker."""
    # Use the provider directly: creating Faker() takes a thousand times as long.
    from faker.generator import Generator
    from faker.providers.person.en_US import Provider

    generator = Generator()
    generator.random = draw
    names = Provider(generator)
    first, last = names.first_name(), names.last_name()
    number = draw.randint(10, 9999)
    email = f"{_mail_word(first)}.{_mail_word(last)}{number}@example.com"
    return Person(first_name=first, last_name=last, email=email)


def organisation(draw: random.Random, at: datetime) -> Organisation:
    """Return an organisation that signed up between a month and two years before *at*."""
    signed_up = at - timedelta(seconds=draw.randint(30 * 86_400, 730 * 86_400))
    return Organisation(
        id=object_id(signed_up, draw),
        name=draw.choice(_ORGANISATION_FIRST) + draw.choice(_ORGANISATION_SECOND),
        user_id=object_id(signed_up, draw),
    )


def monitor(draw: random.Random, at: datetime) -> Monitor:
    """Return the monitor of a test that starts at *at*: nothing suspicious yet."""
    city = draw.choice(_CITIES)
    street = f"{draw.randint(1, 199)} {draw.choice(_STREETS)}"
    return Monitor(
        id=object_id(at, draw),
        city=city,
        state=draw.choice(_STATES),
        country=_COUNTRY,
        location=f"{street}, {city}, {city} {draw.randint(10_000, 99_999)}, {_COUNTRY}",
        device=draw.choice(_DEVICES),
        # Open ocean round Point Nemo, so that no position is a person's home.
        latitude=f"{draw.uniform(-50, -47):.15f}",
        longitude=f"{draw.uniform(-126, -121):.14f}",
        time_spent_outside_ms=0,
        screen_left_count=0,
        is_full_screen_active=True,
        is_mouse_in_window=True,
        is_mic_enabled=draw.random() < 0.5,
        is_same_ip=True,
    )


def watched(monitor: Monitor, draw: random.Random) -> Monitor:
    """Return *monitor* at the end of the test; every second candidate has left the window.

    Earlier observations are kept.

    Source: assumed, only the documented example is known (17 times, 157 s).
    """
    if monitor.screen_left_count or draw.random() < 0.5:
        return monitor
    left = draw.randint(1, 20)
    return msgspec.structs.replace(
        monitor,
        time_spent_outside_ms=1000 * draw.randint(left, 20 * left),
        screen_left_count=left,
        is_full_screen_active=False,
        is_mouse_in_window=draw.random() < 0.5,
        is_same_ip=draw.random() < 0.9,
    )


def left(monitor: Monitor, seconds: int) -> Monitor:
    """Return *monitor* after the candidate left the window for *seconds*."""
    return msgspec.structs.replace(
        monitor,
        time_spent_outside_ms=monitor.time_spent_outside_ms + 1000 * seconds,
        screen_left_count=monitor.screen_left_count + 1,
        is_full_screen_active=False,
    )


def _mail_word(name: str) -> str:
    """Return the ASCII letters of *name* in lower case, accents dropped."""
    plain = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())
