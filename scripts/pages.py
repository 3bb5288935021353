"""Writes what is made from the program's tables: pages of docs/, and schemas for editors."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec.inspect import Field, FloatType, IntType, LiteralType, UnionType, type_info

from emulator.conformance import consumer_file
from emulator.conformance.catalogue import CHECKS, FAMILIES
from emulator.conformance.claims import CLAIMS
from emulator.contracts import provenance
from emulator.contracts.validation import Contracts
from emulator.delivery.faults.documentation import documented
from emulator.delivery.faults.registry import FAULTS
from emulator.delivery.profiles import PROFILES
from emulator.domain import assessment, candidate
from emulator.domain.commands import COMMANDS
from emulator.domain.events import EVENT_TYPES, EVENTS_OF, Provenance
from emulator.domain.fidelity import Facts, facts
from emulator.domain.library_texts import LibraryTexts
from emulator.domain.payloads.variants import VARIANTS
from emulator.durations import show
from emulator.reports.formats import FORMATS
from emulator.scenario import json_schema
from emulator.server.operations import Record, provenances
from emulator.server.provider.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.domain.fidelity import Fact
    from emulator.domain.lifecycle import Lifecycle

_GENERATED = "<!-- Made by scripts/docs from the tables of the program; edit those. -->"

_FIDELITY = """\
What the emulator knows about the real service, and where it had to choose. Each fact says how it
is known:

- **documented**: on one of Testlify's pages, including its examples
- **observed**: seen in those examples, or in the code of consumers that are in use
- **assumed**: our choice, because nothing is known. Do not rely on it

Where the examples contradict each other or themselves, the emulator follows the examples."""

_CALLS = """\
Each call with the fields that it takes and returns, and how they are known. *Observed* facts are
from other people's code and references here, not from Testlify's own pages. [The provider
API](provider-api.md) describes how to use the calls."""

_VARIANTS = """\
Payloads that the reference shows or mentions as exceptions. A workspace sends them when its
setting `observed` names them: over [HTTP](http-api.md#put-_emulatorworkspacesworkspace), in
[a scenario](scenarios.md), in [Python](python.md#emulator-and-running) and in
[pytest](pytest.md). Each changes the payloads of one status, including
those of `candidate.status_changed`."""

_V2_PAYLOADS = """\
Of the nine example payloads of v2, one is public: `assessment.archived`, except for its end. In
`candidate.completed`, a consumer in use reads `data.assessmentId`, `data.candidate.email` and
`data.scores.avgScorePercentage`. Everything else is assumed: v1's values, in groups like those of
the example; every candidate event has the same keys, and a value that does not exist yet is null.
The provenance of a key is the weakest `x-provenance` on the path to it in the
[schema](command-line.md#schema). Keys of each event type:"""

_LIFECYCLES = f"""\
What can happen to a candidate and to an assessment, and which event types it causes. A command
without a row for the state is rejected: the answer is 409 with the legal commands, and nothing
changes. In the diagrams, a star marks assumptions.

Every change of a candidate's status causes `candidate.status_changed`, and then the event type of
the new status. A webhook receives a message for each event type that it subscribes to. v2 has no
{", ".join(f"`{one}`" for one in EVENT_TYPES if one not in EVENTS_OF["v2"])}: v2
webhooks receive `candidate.status_changed` instead, and nothing for a new score (assumed)."""

_EXPIRY = """\
An invitation expires by itself when its validity is over (30 days unless the assessment says
otherwise) and the candidate is still INVITED. On a virtual clock, this happens while the clock is
advanced. An enrolled candidate stays ENROLLED until a command changes the state.

A candidate is one invitation: the same address invited to two assessments has one `candidateId`
and two candidates. A second invitation to the same assessment is rejected while the first is
open: INVITED, ENROLLED or IN_PROGRESS."""

_CHECKS = f"""\
The {len(CHECKS)} checks that `testlify-emulator test` runs against a consumer; how to run them is
described in [testing a consumer](testing-a-consumer.md). `testlify-emulator list checks` prints
the list.

A check is skipped, with the reason, unless the consumer has everything that the check requires:
a claim (`--claim`), all event types (`every_event`: no `--events`), a `probe` (`--probe`,
`--probe-command`), a `secret`, a `header`, a `socket` (no `--app`), `v2` (`--webhooks v2`),
a `restart` (`--restart-command`), time to `linger` (`--linger`). **Severity**: an `error` fails
in production; a `warning` is a risk. A failed check of either fails the run."""

_CONTENT = """\
The content of an assessment, its tests and questions, is generated when the assessment is created,
and is not shown while it is a DRAFT. `invite` is in this table because the first invitation changes
the state of the assessment; the call is `POST .../candidates`, see [the HTTP APIs](http-api.md). An
unarchived assessment is PUBLISHED, whatever its state was before. Payloads of `assessment.archived`
and `assessment.deleted` have the state SUBSCRIBED, as in the examples."""


ROOT = Path(__file__).parents[1]
CONTRACTS = Contracts()


def pages() -> dict[str, str]:
    """Return the pages that are generated, in whole or in part: name below docs/ -> text."""
    return {
        "fidelity.md": _fidelity(),
        "lifecycles.md": _lifecycles(),
        "checks.md": _checks(),
        "faults.md": _filled("faults.md", faults=_faults()),
        "reports.md": _filled("reports.md", formats=_formats()),
    }


def schemas() -> dict[str, str]:
    """Return the JSON Schemas that are generated, for editors: name below schemas/ -> text."""
    return {
        "consumer.json": consumer_file.schema(),
        "fidelity.json": _schema(Facts, "fidelity.json", "What is known of the provider"),
        "library.json": _schema(LibraryTexts, "library.json", "Texts of tests and questions"),
        "scenario.json": json_schema.text(),
    }


def _schema(kind: type[msgspec.Struct], name: str, title: str) -> str:
    made = msgspec.json.schema(kind)
    for record in made["$defs"].values():
        record["description"] = record["description"].partition("\n")[0]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://testlify-emulator.example/schemas/{name}",
        "title": title,
        **made,
    }
    return json.dumps(document, indent=2) + "\n"


def _filled(page: str, **blocks: str) -> str:
    """Return a page with its generated blocks: each stands between comments with its name."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    for name, block in blocks.items():
        start, end = f"<!-- {name}: made by scripts/docs -->", f"<!-- /{name} -->"
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = f"{before}{start}\n\n{block}\n\n{end}{after}"
    return text


def _faults() -> str:
    blocks: list[str] = []
    for name, kind in FAULTS.items():
        base = kind.__bases__[0]
        if f"## {kind.group.capitalize()}" not in blocks:
            blocks += [f"## {kind.group.capitalize()}", documented(base)[0]]
        text, settings = documented(kind)
        blocks += [f"### `{name}`", text]
        fields = [one for one in type_info(kind).fields if one.name in settings]
        if fields:
            rows = ((f"`{one.name}`", _setting(one, settings[one.name])) for one in fields)
            blocks.append(_table(("Setting", ""), rows))
        blocks.append(f"`{kind.example}`")
    return "\n\n".join(blocks)


def _setting(field: Field, text: str) -> str:
    """Return the description of a setting: its text, what it can be, and its default."""
    kind = field.type.types[0] if isinstance(field.type, UnionType) else field.type
    notes = []
    if isinstance(kind, LiteralType) and f"`{kind.values[0]}`" not in text:
        notes.append(" or ".join(map("`{}`".format, kind.values)))
    elif isinstance(kind, IntType) and (kind.ge or 0) > 0:
        notes.append(f"at least {kind.ge}" if kind.le is None else f"{kind.ge} to {kind.le}")
    elif isinstance(kind, FloatType):
        notes.append("a duration such as `10s` or `2h`")
    if field.required:
        notes.append("required")
    elif field.default not in (None, msgspec.NODEFAULT):
        shown = show(field.default) if isinstance(kind, FloatType) else field.default
        notes.append(f"default `{shown}`")
    return f"{text} ({'; '.join(notes)})" if notes else text


def _formats() -> str:
    rows = ((f"`{one.FILE}`", f"`{one.NAME}`", one.SUMMARY) for one in FORMATS.values())
    return _table(("File", "`--format`", "Content"), rows)


def _checks() -> str:
    blocks = ["# Checks", _GENERATED, _CHECKS, "## Claims"]
    blocks.append(
        _table(
            ("Claim", "A consumer with this claim"),
            ((f"`{name}`", text) for name, text in CLAIMS.items()),
        )
    )
    for family, doc in FAMILIES.items():
        summary = doc.partition(": ")[2]
        blocks += [f"## {family.capitalize()}", f"{summary[0].upper()}{summary[1:]}"]
        blocks.append(
            _table(
                (
                    "Check",
                    "A consumer that passes",
                    "Sends",
                    "Expects",
                    "Why",
                    "Requires",
                    "Severity",
                ),
                (
                    (
                        f"`{one.id}`",
                        one.title,
                        one.sends,
                        one.expects,
                        one.why,
                        ", ".join(f"`{need}`" for need in one.requires),
                        one.severity,
                    )
                    for one in CHECKS.values()
                    if one.family == family
                ),
            )
        )
    return _page(*blocks)


def _fidelity() -> str:
    return _page(
        "# Fidelity",
        _GENERATED,
        _FIDELITY,
        "## Event types",
        _table(
            ("Id", "v1 `event`", "Shape", "Word", "In v2", "Says"),
            (
                (
                    f"`{one.id}`",
                    f"`{one.v1_word}`" if one.v1_word else "none",
                    one.provenance,
                    one.word_provenance,
                    one.v2_provenance or "no",
                    one.summary,
                )
                for one in EVENT_TYPES.values()
            ),
        ),
        "*In v2*: how it is known that v2 has an event type of this name. v2 has nine; five names "
        "are known, and the other four are taken from v1's settings page, which lists five "
        "candidate events. A v2 webhook cannot subscribe to the other event types.",
        "Which command causes which, and how we know, is in [lifecycles](lifecycles.md).",
        "## v2 payloads",
        _V2_PAYLOADS,
        _shares(),
        "## How a generation delivers",
        _table(
            ("Generation", "Retries after", "Connect", "First byte", "In all", "Success"),
            (
                (
                    generation,
                    ", ".join(map(show, one.retries)) or "none",
                    *map(show, msgspec.structs.astuple(one.timeouts)),
                    "{} to {}".format(*one.success),
                )
                for generation, one in PROFILES.items()
            ),
        ),
        _facts(facts().delivery),
        "## Irregularities of the v1 examples",
        _facts(facts().irregularities),
        "## Variants",
        _VARIANTS,
        _variants(),
        "## The provider's API",
        _facts(facts().api),
        _CALLS,
        _table(
            ("Call", "Known", "Takes", "Answers"),
            (
                (
                    f"`{one.method} {one.path}`",
                    one.provenance,
                    _known(one.query, one.body),
                    _known(one.answer),
                )
                for one in OPERATIONS
            ),
        ),
        "## The product",
        _facts(facts().product),
    )


def _shares() -> str:
    def row(event: str) -> tuple[str, ...]:
        keys = provenance.of_keys(CONTRACTS.document("v2", event))
        known = Counter(one for _, one in keys)
        total = known.total()
        counts = [known[one] for one in get_args(Provenance)]
        return (f"`{event}`", *map(str, counts), f"{100 - round(100 * known['assumed'] / total)} %")

    return _table(
        ("Event type", *map(str.capitalize, get_args(Provenance)), "Known"),
        map(row, EVENTS_OF["v2"]),
    )


def _variants() -> str:
    return _table(
        ("Name", "In", "Changes", "The real service", "Known", "The emulator"),
        (
            (
                f"`{one.name}`",
                one.state,
                ", ".join(f"`{path}`" for path in one.changes.split(", ")),
                one.known,
                one.provenance,
                one.does,
            )
            for one in VARIANTS.values()
        ),
    )


def _lifecycles() -> str:
    return _page(
        "# Lifecycles",
        _GENERATED,
        _LIFECYCLES,
        *_lifecycle("## Candidates", candidate.LIFECYCLE),
        _EXPIRY,
        "The commands; over HTTP the details are in camelCase:",
        _table(
            ("Command", "In scenarios and Python", "Does", "Details"),
            (
                (f"{one.subject} `{one.verb}`", f"`{one.name}`", one.doc, _keys(one.details))
                for one in COMMANDS.values()
            ),
        ),
        *_lifecycle("## Assessments", assessment.LIFECYCLE),
        _CONTENT,
    )


def _lifecycle(heading: str, lifecycle: Lifecycle) -> Iterable[str]:
    rows = (
        (
            row.state or "(new)",
            f"`{row.command}`",
            row.next_state,
            ", ".join(f"`{event}`" for event in row.events) or "none",
            row.provenance,
            row.note,
        )
        for row in lifecycle.rows
    )
    return (
        heading,
        f"```mermaid\n{lifecycle.diagram()}\n```",
        _table(("State", "Command", "Next state", "Event types", "Known", "Note"), rows),
    )


def _facts(facts: Iterable[Fact]) -> str:
    return _table(
        ("", "Id", "The real service", "Known", "Emulated", "The emulator", "In"),
        (
            (
                str(number),
                f"`{one.id}`",
                one.known,
                one.provenance,
                one.is_emulated,
                one.does,
                f"`{one.where}`",
            )
            for number, one in enumerate(facts, 1)
        ),
    )


def _known(*kinds: Any) -> str:
    """Return the fields of records, also of those in lists, by how we know of them."""
    by_provenance: dict[str, list[str]] = {}
    for kind in kinds:
        for record in [kind, *get_args(kind)]:
            if isinstance(record, type) and issubclass(record, Record):
                for name, known in provenances(record).items():
                    by_provenance.setdefault(known, []).append(f"`{name}`")
    return "; ".join(f"{known}: {', '.join(names)}" for known, names in by_provenance.items())


def _keys(kind: type[msgspec.Struct]) -> str:
    return ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(kind)) or "none"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in lines
    )


def _page(*blocks: str) -> str:
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")
    for name, text in schemas().items():
        (ROOT / "schemas" / name).write_text(text, encoding="utf-8")
