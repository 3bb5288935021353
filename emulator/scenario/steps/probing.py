"""Steps that check the consumer's state, or capture a value for later steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from emulator import paths
from emulator.domain.payloads import fields
from emulator.domain.webhook import checked_headers
from emulator.durations import show
from emulator.errors import InvalidInputError, NotFoundError, NotJSONError
from emulator.paths import ABSENT
from emulator.scenario import comparison, probes
from emulator.scenario.matchers import Matcher
from emulator.scenario.steps.selection import OfMessages
from emulator.scenario.steps.step import RunContext, Step
from emulator.scenario.value_types import (
    Duration,
    FieldName,
    PayloadPath,
    ProbeUrl,
    StatusWord,
    VariableName,
)
from emulator.workspace import queries

if TYPE_CHECKING:
    from emulator.scenario.dry_run import DryRun
    from emulator.scenario.probes import Look

Argv = Annotated[list[str], msgspec.Meta(min_length=1)]

_WITHIN = Duration(5.0)


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The expected result of a probe; at least one key.

    Attributes:
        status: status of the answer; by default any 2xx.
        exit: exit code of the command; by default 0.
        json: values in the JSON of the answer or of the command's output, by path.
        body: the answer as text.
        stdout: the command's output as text, without white space at both ends.
    """

    status: StatusWord | None = None
    exit: Annotated[int, msgspec.Meta(ge=-255, le=255)] | None = None
    json: dict[PayloadPath, Matcher] = {}
    body: Matcher | None = None
    stdout: Matcher | None = None

    def __post_init__(self) -> None:
        """Refuse a probe that expects nothing."""
        given = (self.status, self.exit, self.body, self.stdout, self.json or None)
        if all(one is None for one in given):
            message = "no expectation; expected at least one of status, exit, json, body, stdout"
            raise InvalidInputError(message)


class _Looking(Step, frozen=True):
    """A step that calls a URL or runs a command."""

    changes: ClassVar[dict[str, str]] = {}

    get: ProbeUrl | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    command: Argv | None = None
    within: Duration = _WITHIN

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent."""
        checked_headers(self.headers.items())
        if self.headers and self.get is None:
            message = "'headers' only applies with 'get'"
            raise InvalidInputError(message, path="$.headers")

    def dry_run(self, dry_run: DryRun) -> None:
        """The consumer's state is not known before a run, and commands do not depend on it."""

    async def look(self, context: RunContext) -> Look:
        """Call the URL or run the command once."""
        if self.get is not None:
            call = probes.ProbeRequest(headers=self.headers)
            return await probes.request(self.get, context.guard, call)
        return await probes.command(self.command or (), context.folder)


class ProbeStep(_Looking, frozen=True, kw_only=True):
    """Poll the state of the consumer until it is as expected, for up to `within` real seconds."""

    example: ClassVar[str] = (
        'probe: {get: "${CONSUMER_URL}/candidates/ada@example.com", '
        "expect: {status: 200, json: {completions: 1}}, within: 5s}"
    )
    is_expectation: ClassVar[bool] = True

    expect: Expected

    def __post_init__(self) -> None:
        """Refuse a probe without exactly one of `get` and `command`, or with keys of the other."""
        super().__post_init__()
        if (self.get is None) is (self.command is None):
            message = "expected either 'get', a URL, or 'command'"
            raise InvalidInputError(message)
        other = ("exit", "stdout") if self.get is not None else ("status", "body")
        for name in other:
            if getattr(self.expect, name) is not None:
                goes = "command" if self.get is not None else "get"
                message = f"{name!r} only applies with {goes!r}"
                raise InvalidInputError(message, path=f"$.expect.{name}")

    async def run(self, context: RunContext) -> str:
        """Poll until the state is as expected."""
        seen = await probes.until(
            lambda: self.look(context),
            lambda look: all(one.is_equal for one in self._compared(look)),
            self.within,
        )
        wrong = self._compared(seen)
        if all(one.is_equal for one in wrong):
            return ""
        where = self.get or " ".join(self.command or ())
        lines = [f"not as expected within {show(self.within)}: {where}"]
        return "\n".join([*lines, *(f"  {comparison.line(one)}" for one in wrong)])

    def _compared(self, look: Look) -> list[comparison.FieldComparison]:
        expected = self.expect
        if self.get is not None:
            results = [_status(expected.status, look)]
            texts = {"body": (expected.body, look.text)}
        else:
            results = [_exit(expected.exit or 0, look)]
            texts = {"stdout": (expected.stdout, look.text.strip())}
        if look.trouble:
            return results
        results += [comparison.compared(k, one, text) for k, (one, text) in texts.items() if one]
        if expected.json:
            try:
                results += comparison.fields(expected.json, look.json())
            except NotJSONError:
                results += [
                    comparison.compared(path, one, ABSENT, "no JSON")
                    for path, one in expected.json.items()
                ]
        return results


def _status(expected: StatusWord | None, look: Look) -> comparison.FieldComparison:
    word = expected or StatusWord("2xx")
    fits = look.status is not None and word.fits_status(look.status)
    return comparison.FieldComparison("status", word, look.trouble or str(look.status), fits)


def _exit(expected: int, look: Look) -> comparison.FieldComparison:
    actual = look.trouble or str(look.exit)
    return comparison.FieldComparison("exit", str(expected), actual, expected == look.exit)


class Picked(OfMessages, frozen=True):
    """Selects the delivery of a value: the last that matches."""


class CaptureStep(_Looking, frozen=True, kw_only=True, rename={"as_": "as", "from_": "from"}):
    """Capture a value for later steps, as `${NAME}`: from a delivery, a URL or a command."""

    example: ClassVar[str] = (
        "capture: {as: LINK, from: {event: candidate.status_changed, candidate: ada}, "
        "path: data.inviteLink}"
    )
    is_settling: ClassVar[bool] = True

    as_: VariableName
    from_: Picked | None = None
    field: FieldName | None = None
    path: PayloadPath | None = None
    json: PayloadPath | None = None

    def __post_init__(self) -> None:
        """Refuse a step without exactly one source, or without a place in it."""
        super().__post_init__()
        sources = [self.get, self.command, self.from_]
        if sum(source is not None for source in sources) != 1:
            message = "expected one place to take the value from: 'get', 'command' or 'from'"
            raise InvalidInputError(message)
        is_delivered = self.from_ is not None
        right = ("field", "path") if is_delivered else ("json",)
        for wrong in {"field", "path", "json"}.difference(right):
            if getattr(self, wrong) is not None:
                expected = " or ".join(map(repr, right))
                message = f"{wrong!r} does not apply here; expected {expected}"
                raise InvalidInputError(message, path=f"$.{wrong}")
        if is_delivered and (self.field is None) is (self.path is None):
            message = "expected either 'field' or 'path': the place of the value in the payload"
            raise InvalidInputError(message)

    async def run(self, context: RunContext) -> None:
        """Capture the value as text."""
        value = self._delivered(context) if self.from_ is not None else await self._seen(context)
        if value is None or isinstance(value, dict | list):
            kind = "nothing" if value is None else "no single value"
            place = self.field or self.path or self.json
            message = f"{kind} at {place!r}; expected text, a number or a boolean"
            raise NotFoundError(message)
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        context.variables[self.as_] = text

    def _delivered(self, context: RunContext) -> Any:
        assert self.from_ is not None  # noqa: S101 - asked by run
        found = self.from_.matching(context)
        if not found:
            lines = [f"nothing to capture from: no {self.from_.demanded()}"]
            raise NotFoundError("\n".join([*lines, *self.from_.nearest(context)]))
        delivery, state = found[-1].delivery, context.workspace.state
        try:
            sent = queries.payload(state, delivery, found[-1].attempt)
        except NotJSONError:
            message = f"the body of delivery {delivery.id} {delivery.event} is not JSON"
            raise NotFoundError(message) from None
        place = PayloadPath(self.path or paths.short(fields.place(sent, self.field or "")))
        value, reason = comparison.found(place, sent)
        if value is ABSENT:
            message = f"no {place!r} in delivery {delivery.id} {delivery.event}: {reason}"
            raise NotFoundError(message)
        return value

    async def _seen(self, context: RunContext) -> Any:
        look = await probes.until(
            lambda: self.look(context), lambda look: self._value(look)[0] is not ABSENT, self.within
        )
        value, reason = self._value(look)
        if value is ABSENT:
            where = self.get or " ".join(self.command or ())
            message = f"nothing to capture within {show(self.within)} at {where}: {reason}"
            raise NotFoundError(message)
        return value

    def _value(self, look: Look) -> tuple[Any, str]:
        """Return the value, or ABSENT and the reason."""
        is_fine = look.exit == 0 or (look.status or 0) // 100 == 2
        if look.trouble or not is_fine:
            ended = f"status {look.status}" if self.get is not None else f"exit {look.exit}"
            return ABSENT, look.trouble or ended
        if self.json is None:
            return look.text.strip(), ""
        try:
            return comparison.found(self.json, look.json())
        except NotJSONError:
            return ABSENT, "no JSON"
