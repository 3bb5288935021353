"""Saves a finding as a scenario file that can be run against another build of the consumer."""

from __future__ import annotations

import re
import secrets
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from emulator.conformance.fuzzing import scenario_yaml, sequences
from emulator.conformance.fuzzing.findings import FuzzFinding
from emulator.conformance.fuzzing.sequence_runs import scenario_of
from emulator.conformance.session import accept_everything, subject_of
from emulator.conformance.target import PLACES, Subject, filled
from emulator.errors import ScenarioError
from emulator.scenario.run import play
from emulator.scenario.variables import ORIGIN, URL, origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.conformance.fuzzing.payloads import RejectedPayload
    from emulator.conformance.target import Target

_PROBE_ORIGIN = "PROBE_ORIGIN"
_SECRET = "CONSUMER_SECRET"  # noqa: S105 - the name of a variable
_ANSWERED = {"timeout": ("connect_timeout", "answer_timeout"), "refused": ("refused",)}


# --- payloads -------------------------------------------------------------------------------


def payload(case: RejectedPayload, count: int, target: Target) -> FuzzFinding:
    """Return the finding for a payload that was answered wrongly.

    Args:
        case: the payload and the answer.
        count: how many changes in the same place have this answer.
        target: the consumer.
    """
    changes = [one.text for one in case.changes] or [case.why or "unchanged"]
    title = f"{case.base.name}, {'; '.join(changes)}: {case.problem}"
    more = f"{count} changes at {case.place} have this answer, this is the first"
    place = re.sub(r"[^A-Za-z0-9]+", "-", case.place).strip("-").lower()[:60] or "all"
    stem = f"payload-{case.base.event}-{place}-{case.answer}"
    data = None
    document = _sent(case, target, {"payload": case.payload}, title)
    if not _reads_back(document, case.payload):
        data = (f"{stem}.body", case.body)
        document = _sent(case, target, {"data": data[0]}, title)
    return FuzzFinding(
        "flaky" if case.is_flaky else "payload",
        title,
        cause=f"{case.is_valid} {case.answer}",
        lines=(*([more] if count > 1 else []), f"answer: {case.answer}", *changes),
        file=f"{stem}.yaml",
        scenario=scenario_yaml.text(document, (title, f"Found by fuzz, seed {target.seed}.")),
        data=data,
        options=_options(target),
    )


def _sent(
    case: RejectedPayload, target: Target, content: Mapping[str, Any], title: str
) -> dict[str, Any]:
    """Return a scenario that sends a payload and expects the right answer."""
    event = case.base.event
    demand: dict[str, Any] = {"expect": {"event": event, "answered": "2xx", "count": 1}}
    steps: list[dict[str, Any]] = [{"send": {"event": event, **content}}]
    if not case.is_valid:
        demand = {"expect_none": {"event": event, "answered": _answered(case.answer)}}
        if case.answer == "answer_timeout":
            # Without an answered request, the scenario would have no evidence.
            ping = {"send": {"event": event, "payload": case.base.payload}}
            steps.insert(0, ping)
    return {**_head(title, target, (event,)), "steps": [*steps, demand]}


def _answered(answer: str) -> str:
    if answer.isdecimal():
        return "5xx"
    return next((word for word, ends in _ANSWERED.items() if answer in ends), "broken")


def _reads_back(document: dict[str, Any], sent: Any) -> bool:
    """Return whether the payload can be written in a scenario file."""
    from emulator.scenario.loading import read
    from emulator.scenario.matchers import is_same
    from emulator.scenario.steps.messages import SendStep

    names = dict.fromkeys(re.findall(r"\$\{(\w+)\}", str(document["consumer"])), "x")
    names |= {URL: "http://127.0.0.1:1/", _SECRET: f"whsec_{'QUJD' * 8}"}
    try:
        scenario = read("made", scenario_yaml.text(document).encode(), names)
    except (ScenarioError, UnicodeEncodeError, TypeError):
        return False
    steps = [one.step for one in scenario.steps if isinstance(one.step, SendStep)]
    return is_same(steps[-1].payload, sent)


# --- sequences ------------------------------------------------------------------------------


async def sequence(
    drawn: Mapping[str, Any],
    lines: Sequence[str],
    target: Target,
    invariant: Mapping[str, str],
    *,
    name: str,
    is_flaky: bool = False,
) -> FuzzFinding:
    """Return the finding for a sequence that the consumer does not handle.

    Args:
        drawn: the sequence.
        lines: the failures.
        target: the consumer.
        invariant: expected output of the probe at the end: path -> value.
        name: name of the file without its suffix.
        is_flaky: the sequence did not always fail.
    """
    document = await _document(drawn, target, invariant, title=lines[0])
    flaky = "the same deliveries gave two different results: "
    comments = (
        *lines,
        f"Found by fuzz, seed {target.seed}.",
        "To repeat it, use other candidates with --seed N --set RUN=N.",
    )
    return FuzzFinding(
        "flaky" if is_flaky else "sequence",
        f"{flaky if is_flaky else ''}{lines[0]}",
        cause=name,
        lines=(*lines, *(_line(one) for one in document["steps"])),
        file=f"{name}.yaml",
        scenario=scenario_yaml.text(document, comments),
        options=_options(target),
    )


async def _document(
    drawn: Mapping[str, Any], target: Target, invariant: Mapping[str, str], *, title: str
) -> dict[str, Any]:
    """Return the scenario of a sequence with its probes, as plain data for a file.

    It has new candidates; the variable ``RUN`` and the seed change them.
    """
    tag, seed = secrets.token_hex(4), secrets.randbits(32)
    expected = sequences.expected(drawn)
    plain = {one.name: f"{one.name}.{tag}@example.com" for one in expected}
    emails = {one.name: f"{one.name}.${{RUN:-{tag}}}@example.com" for one in expected}
    if target.people:
        emails = plain = {
            one.name: person.email for one, person in zip(expected, target.people, strict=False)
        }
    document = {**_head(title, target, sequences.events(drawn)), "seed": seed}
    document["steps"] = sequences.steps(drawn, emails) + sequences.demands(drawn)
    if target.has_probe:
        subjects = await _subjects(drawn, plain, target, seed)
        for one in expected:
            if shown := one.plain(invariant, target.state_map):
                step = {**_place(target, subjects[one.name]), "expect": {"json": shown}}
                tagged = step if target.people else _tagged(step, tag)
                document["steps"].append({"probe": tagged})
    return document


async def _subjects(
    drawn: Mapping[str, Any], emails: Mapping[str, str], target: Target, seed: int
) -> dict[str, Subject]:
    """Return the candidates of the scenario when it runs with this seed."""
    templates = (target.probe or "", *target.probe_command)
    if not any(place in text for text in templates for place in PLACES if place != "{email}"):
        return {name: Subject("", email, "", "") for name, email in emails.items()}
    # Run the scenario without the consumer, because ids depend on the seed.
    from emulator.emulator import Emulator

    async with Emulator(seed=seed, clock="virtual", in_flight=1) as emulator:
        workspace = emulator.workspace(settings=emulator.settings)
        events = list(sequences.events(drawn))
        workspace.add_webhook(name="consumer", payload_url=accept_everything, events=events)
        await play(scenario_of(drawn, emails), emulator, workspace)
        by_email = {one.email: subject_of(one) for one in workspace.state.candidates.values()}
    return {name: by_email[email] for name, email in emails.items()}


def _line(step: dict[str, Any]) -> str:
    ((name, body),) = step.items()
    return f"{name}: {scenario_yaml.flow(body)}"


# --- where the consumer is ------------------------------------------------------------------


def _head(title: str, target: Target, events: tuple[str, ...]) -> dict[str, Any]:
    """Return the keys of a scenario file before its steps, with variables for secrets."""
    consumer: dict[str, Any] = {"payload_url": f"${{{URL}}}", "events": list(events)}
    if target.headers:
        consumer["headers"] = {name: f"${{{_variable(name)}}}" for name in target.headers}
    if target.secret:
        consumer["secret"] = f"${{{_SECRET}}}"
    generation = {"webhooks": target.generation} if target.generation != "v1" else {}
    return {"scenario": title[:900], **generation, "consumer": [consumer]}


def _options(target: Target) -> tuple[str, ...]:
    """Return the options of `run` that a scenario file needs, besides the consumer's URL."""
    names = [_variable(name) for name in target.headers]
    names += [_SECRET] if target.secret else []
    options = [f"--set {name}=..." for name in names]
    if target.setup and target.setup_method == "GET" and not target.setup.startswith("/"):
        options.append(f"--setup {shlex.quote(target.setup)}")
    if target.setup_command:
        options.append(f"--setup-command {shlex.quote(shlex.join(target.setup_command))}")
    return tuple(options)


def _variable(header: str) -> str:
    """Return the name of the variable for a header."""
    name = "".join(sign if sign.isalnum() else "_" for sign in header).upper()
    return name if name[:1].isalpha() else f"H_{name}"


def _place(target: Target, subject: Subject) -> dict[str, Any]:
    """Return the URL or command of a probe step, with a variable for the consumer's address."""
    if target.probe_command:
        return {"command": [_moved(filled(word, subject), target) for word in target.probe_command]}
    assert target.probe is not None  # noqa: S101 - there is a probe
    url = filled(target.probe, subject, lambda value: quote(value, safe=""))
    if url.startswith("/"):  # a path in an application, which has an address in a later run
        return {"get": f"${{{ORIGIN}}}{url}"}
    moved = _moved(url, target)
    if moved == url:
        known = origin(url)
        moved = f"${{{_PROBE_ORIGIN}:-{known}}}{url.removeprefix(known)}"
    return {"get": moved}


def _moved(text: str, target: Target) -> str:
    """Return *text* with a variable in place of the consumer's origin."""
    if not urlsplit(target.url).netloc:
        return text
    # The origin must not be the start of a longer host or port.
    return re.sub(re.escape(origin(target.url)) + r"(?![\w.:-])", f"${{{ORIGIN}}}", text)


def _tagged(step: dict[str, Any], tag: str) -> dict[str, Any]:
    """Return a probe with a variable in place of *tag*."""
    found = dict(step)
    if "get" in found:
        found["get"] = found["get"].replace(tag, f"${{RUN:-{tag}}}")
    else:
        found["command"] = [word.replace(tag, f"${{RUN:-{tag}}}") for word in found["command"]]
    return found
