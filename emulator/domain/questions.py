"""The bank of questions as data, and the draw of an assessment's content; never its lifecycle."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.assessment import CodeCase, Content, CustomQuestion, Question, Skill, Test
from emulator.domain.ids import ObjectId, bare_object_id, object_id

if TYPE_CHECKING:
    import random
    from datetime import datetime

JOB_ROLES = (
    "Accounts Assistant",
    "Backend Developer",
    "Customer Support Agent",
    "Data Analyst",
    "Delivery Planner",
    "Front Desk Clerk",
    "Marketing Coordinator",
    "Office Manager",
    "Sales Representative",
    "Warehouse Supervisor",
)
"""Names of job roles; an assessment that is given no title takes one."""


class QualifyingQuestion(msgspec.Struct, frozen=True):
    """A yes-or-no question before the tests, answered wrongly: yes is right, no was said.

    Attributes:
        yes_id: of the option Yes.
        no_id: of the option No.
        elapsed_seconds: float seconds that the answer took, to the millisecond.
    """

    id: ObjectId
    text: str
    yes_id: ObjectId
    no_id: ObjectId
    elapsed_seconds: float


class _LibraryTest(msgspec.Struct, frozen=True):
    """One of Testlify's own tests in the bank.

    Attributes:
        skills: name and text of each.
    """

    title: str
    type_name: str
    difficulty: str
    description: str
    relevancy: str
    skills: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]


class _CompanyTest(msgspec.Struct, frozen=True):
    """A test that the customer wrote, with no more than they had to fill in."""

    title: str
    type_name: str
    skills: tuple[str, ...]
    questions: tuple[str, ...]


class _CustomText(msgspec.Struct, frozen=True):
    """The text of a custom question, with what its classification needs besides.

    Attributes:
        ai_prompt: what the chat simulation is told.
        cases: input and output of each test case.
    """

    text: str
    ai_prompt: str = ""
    cases: tuple[tuple[str, str], ...] = ()


_LIBRARY = (
    _LibraryTest(
        "Working Together",
        "Situational Judgement",
        "Intermediate",
        "Everyday moments in a team, and what somebody does with them.",
        "Useful for every role that shares its work with others.",
        (
            ("Listening", "Hears what a colleague means before answering."),
            ("Fairness", "Gives credit and criticism where they belong."),
            ("Reliability", "Does what was agreed, or says early that it will not work."),
            ("Calm", "Stays friendly when a day goes wrong."),
        ),
        (
            "A colleague answers your messages a day late. What do you try first?",
            "Two teammates want the same meeting room at the same hour. How do you help?",
            "You notice a mistake in a report that has already been sent. What do you do?",
            "A new colleague is too shy to ask questions. How do you make it easier?",
            "Your idea was presented by somebody else. What do you say, and when?",
            "The team is behind and you are done with your part. What next?",
            "A teammate disagrees with you in front of a guest. How do you react?",
            "You promised something for Friday and see on Tuesday that it will not fit. And now?",
            "Somebody keeps making jokes that one person does not enjoy. What do you do?",
            "Your lead asks for feedback on a plan that you find too hasty. What do you answer?",
        ),
    ),
    _LibraryTest(
        "Helping Customers",
        "Situational Judgement",
        "Easy",
        "Short scenes at a counter, on the phone and in a chat window.",
        "Useful for support agents, front desks and shop staff.",
        (
            ("Patience", "Takes the time that the customer needs."),
            ("Clear words", "Explains without jargon."),
            ("Judgement", "Knows when to bend a rule and when to ask."),
        ),
        (
            "A customer received the blue kettle instead of the red one. What do you offer?",
            "A caller has explained their problem three times already. How do you begin?",
            "The chat queue is long and one customer writes very slowly. What do you do?",
            "Somebody asks for a refund two days after the deadline. How do you decide?",
            "A guest complains about a noise that you cannot stop. What do you say?",
            "You do not know the answer. How do you tell the customer?",
            "A customer thanks you for something a colleague did. What happens next?",
            "An order is lost and nobody knows where. What is your first message?",
            "A visitor wants to speak to the manager, who is away. How do you go on?",
            "You see the same complaint for the fifth time this week. What do you do with it?",
        ),
    ),
    _LibraryTest(
        "Numbers at Work",
        "Cognitive Ability",
        "Intermediate",
        "Small sums, shares and tables as they turn up in an office.",
        "Useful for analysts, planners and everyone with a budget.",
        (
            ("Percentages", "Reads shares and changes correctly."),
            ("Estimation", "Finds the size of an answer before the answer."),
            ("Tables", "Takes the right figure from a table."),
        ),
        (
            "A box holds 24 jars. How many boxes do you need for 300 jars?",
            "A price rises from 40 to 46. By how many percent?",
            "Three printers finish a job in four hours. How long do six of them take?",
            "A van drives 90 km in 75 minutes. What is its average speed?",
            "Of 250 visitors 60 bought something. What share is that?",
            "A shelf is 1.8 m wide and a binder 7.5 cm. How many binders fit?",
            "The mean of four numbers is 9. Three of them are 7, 8 and 10. Which is the fourth?",
            "A discount of 20 percent is followed by one of 10 percent. What is it in all?",
            "A meeting of 6 people lasts 50 minutes. How many working hours is that?",
            "Sales doubled twice in two years and are 480 now. Where did they start?",
        ),
    ),
    _LibraryTest(
        "Python Foundations",
        "Programming Skills",
        "Intermediate",
        "The parts of Python that every working day needs.",
        "Useful for developers, testers and analysts who write scripts.",
        (
            ("Data types", "Picks the right container for the job."),
            ("Functions", "Writes functions that say what they do."),
            ("Errors", "Handles exceptions without hiding them."),
            ("Iteration", "Loops, comprehensions and generators."),
            ("Modules", "Keeps code in files that make sense."),
        ),
        (
            "Which container keeps unique values and forgets their order?",
            "What does a function return that has no return statement?",
            "Why is a list a surprising default value for a parameter?",
            "What is the difference between == and is?",
            "When is the else branch of a for loop run?",
            "What does a generator give you that a list does not?",
            "How do you make sure that a file is closed after an error?",
            "What happens when a dict is asked for a key that it does not have?",
            "Which values count as false in an if statement?",
            "What does a decorator do to the function below it?",
        ),
    ),
    _LibraryTest(
        "Databases in Daily Use",
        "Programming Skills",
        "Advanced",
        "Reading, joining and changing data without breaking it.",
        "Useful for backend developers and data analysts.",
        (
            ("Queries", "Asks for exactly the rows that are needed."),
            ("Joins", "Brings tables together on the right key."),
            ("Transactions", "Knows what must happen as a whole or not at all."),
        ),
        (
            "Which join keeps the customers who never ordered anything?",
            "What is a primary key for?",
            "Why can an index make writing slower?",
            "How do you count the orders of each month?",
            "What does a transaction promise when the power fails halfway?",
            "When is it fine to store the same fact twice?",
            "How does NULL behave when it is compared with NULL?",
            "What is the difference between WHERE and HAVING?",
            "How would you find addresses that occur more than once?",
            "What could go wrong when two clerks edit one row at the same time?",
        ),
    ),
    _LibraryTest(
        "Clear Writing",
        "Language",
        "Easy",
        "Plain English for mails, notes and notices.",
        "Useful for coordinators, assistants and everyone who writes to customers.",
        (
            ("Grammar", "Builds correct sentences."),
            ("Brevity", "Leaves out what nobody needs."),
            ("Tone", "Finds the right words for the reader."),
        ),
        (
            "Which sentence says the same as 'due to the fact that' in one word?",
            "Choose the subject line that a busy reader will open.",
            "Where does the comma belong in 'After lunch we met the client'?",
            "Which version is polite without being stiff?",
            "Find the word that is spelt wrongly in the notice.",
            "Put the four steps of the instruction in a useful order.",
            "Which of the endings suits a mail to a new customer?",
            "Turn 'The form was sent by us' into an active sentence.",
            "Which detail is missing from the invitation?",
            "Pick the shortest sentence that still says when the office is closed.",
        ),
    ),
)
"""Ten questions each, so that a draw can take up to ten."""

_COMPANY = (
    _CompanyTest(
        "How we work",
        "Culture Fit",
        ("Openness", "Care", "Curiosity"),
        (
            "Which of our habits would be new to you?",
            "How would you spend your first free afternoon with the team?",
            "What should a meeting have achieved when it ends?",
            "What did you last change your mind about at work?",
            "How do you like to hear that something went wrong?",
            "Who should know when you are stuck, and how soon?",
            "What does a good handover look like?",
            "Which rule would you drop, and which one keep?",
        ),
    ),
    _CompanyTest(
        "our tools",
        "Role Specific Skills",
        ("Calendar", "Shared documents", "Ticket board", "Search"),
        (
            "Where do you see who is away next week?",
            "How do you find the newest version of a document?",
            "Which column does a ticket belong in when it waits for a customer?",
            "How do you invite somebody who has no account?",
            "What do you do before you delete a shared folder?",
            "How do you mark a ticket as urgent without shouting?",
            "Where does a question go that concerns everybody?",
            "How do you undo a change that somebody else made?",
        ),
    ),
    _CompanyTest(
        "Warehouse basics",
        "Role Specific Skills",
        ("Safety", "Order", "Counting"),
        (
            "A pallet blocks the emergency exit. What do you do?",
            "How do you lift a heavy box?",
            "The list says 12 parcels and you count 11. What next?",
            "Which goods go on the lowest shelf, and why?",
            "What belongs on the label of a parcel?",
            "A forklift comes round the corner. Who waits?",
            "How do you note that something arrived damaged?",
            "Which stock leaves first: the older or the newer?",
        ),
    ),
)

_CUSTOM = {
    "CHAT_SIMULATION": (
        _CustomText(
            "A customer writes that their new lamp flickers. Chat with them and find a remedy.",
            "Play a friendly but impatient customer whose new lamp flickers since yesterday. "
            "Answer in short sentences. Tell your order number only when asked for it.",
        ),
        _CustomText(
            "A shop owner asks whether our till works without internet. Answer their questions.",
            "Play the owner of a small shop with a weak connection who thinks about buying a "
            "till. Ask about price, set-up and what happens when the connection drops.",
        ),
        _CustomText(
            "A colleague wants to move the launch by a week. Talk it through with them.",
            "Play a tired colleague who wants to launch a week later. Give reasons only when "
            "asked, and agree when a plan covers the testing that is left.",
        ),
    ),
    "WRITTEN_ANSWER": (
        _CustomText("Tell us about something that you learned from a mistake."),
        _CustomText("Which small improvement at your last job are you proud of?"),
        _CustomText("How would you explain your work to a ten-year-old?"),
    ),
    "CODING_ANSWER": (
        _CustomText(
            "Read a whole number and print its double.",
            cases=(("2", "4"), ("-7", "-14"), ("0", "0")),
        ),
        _CustomText(
            "Read a word and print it backwards.",
            cases=(("lamp", "pmal"), ("a", "a"), ("level", "level")),
        ),
        _CustomText(
            "Read numbers in one line and print the largest.",
            cases=(("3 9 4", "9"), ("-5 -2", "-2"), ("8", "8")),
        ),
    ),
    "VIDEO_ANSWER": (
        _CustomText("Show us, in two minutes, how you would welcome a new colleague."),
        _CustomText("Which project would you like to be asked about, and why?"),
    ),
    "AUDIO_ANSWER": (
        _CustomText("Leave a voice message that tells a customer about a delay."),
        _CustomText("Read the notice aloud and say in your own words what it asks for."),
    ),
}

_QUALIFYING = (
    "Do you have a valid work permit?",
    "Can you start within three months?",
    "Do you have a driving licence?",
    "Are you willing to work on some Saturdays?",
)

_MAXIMUM_SCORES = {"CHAT_SIMULATION": 10, "WRITTEN_ANSWER": 5, "CODING_ANSWER": 10}
_OTHER_MAXIMUM_SCORE = 5  # video and audio answers

_DAY = 86_400


def content(draw: random.Random, at: datetime, org_id: ObjectId) -> Content:
    """Return what an assessment asks that is created at *at* by the organisation *org_id*.

    No id in it is later than *at*.

    Source: documented, the number and kinds of tests and questions are those of the example
    "Assessment Updated"; assumed, that every assessment has them.
    """
    types: dict[str, ObjectId] = {}
    # In the example the custom questions come within two minutes, then the custom fields.
    chat_age = draw.randint(180, 300)
    custom_questions = tuple(
        custom_question(draw, at - timedelta(seconds=age), classification)
        for age, classification in (
            (chat_age, "CHAT_SIMULATION"),
            (chat_age - draw.randint(30, 60), "WRITTEN_ANSWER"),
            (chat_age - draw.randint(80, 110), "CODING_ANSWER"),
        )
    )
    fields_at = at - timedelta(seconds=draw.randint(10, 40))
    return Content(
        job_role_id=object_id(_before(draw, at, 365, 730), draw),
        tests=(_library_test(draw, at, types), _company_test(draw, at, types, org_id)),
        custom_questions=custom_questions,
        custom_field_ids=tuple(bare_object_id(fields_at, offset) for offset in range(4)),
        recipients=(draw.choice(("hiring", "jobs", "people", "talent")) + "@example.com",),
        location_access=True,
        sends_result_email=True,
    )


def custom_question(draw: random.Random, at: datetime, classification: str) -> CustomQuestion:
    """Return a custom question of *classification*, written at *at*.

    A coding question's cases were added in the three seconds up to *at*, so that no id is later.

    Raises:
        KeyError: *classification* is none of the five that ``CustomQuestion`` names.

    Source: documented, in the example "Assessment Updated" (chat, written, coding) none is
    mandatory and none counts attempts; in "Assessment Archived" (video, audio) all are
    mandatory with three attempts.
    """
    text = draw.choice(_CUSTOM[classification])
    is_recorded = classification in ("VIDEO_ANSWER", "AUDIO_ANSWER")
    is_coding = classification == "CODING_ANSWER"
    languages = _coding_languages(draw, at) if is_coding else ()
    return CustomQuestion(
        id=object_id(at - timedelta(seconds=2) if is_coding else at, draw),
        text=text.text,
        classification=classification,
        duration=300,
        maximum_score=_MAXIMUM_SCORES.get(classification, _OTHER_MAXIMUM_SCORE),
        attempts=3 if is_recorded else 0,
        is_mandatory=is_recorded,
        ai_prompt=text.ai_prompt,
        difficulty="EASY" if is_coding else "",
        coding_languages=languages,
        default_coding_language=draw.choice(languages) if languages else "",
        cases=tuple(
            # The middle one of three is hidden in the example.
            CodeCase(
                id=bare_object_id(at, index - 2), input=given, output=wanted, hidden=index == 1
            )
            for index, (given, wanted) in enumerate(text.cases)
        ),
    )


def wrong_answer(draw: random.Random, at: datetime) -> QualifyingQuestion:
    """Return a qualifying question that was answered wrongly at *at*.

    Source: documented, example "Candidate Disqualified": question and options were made in
    the same second, the options count up by one.
    """
    written_at = at - timedelta(seconds=draw.randint(300, _DAY))
    return QualifyingQuestion(
        id=object_id(written_at, draw),
        text=draw.choice(_QUALIFYING),
        yes_id=bare_object_id(written_at, 0),
        no_id=bare_object_id(written_at, 1),
        elapsed_seconds=draw.randint(1_500, 29_999) / 1000,
    )


def _library_test(draw: random.Random, at: datetime, types: dict[str, ObjectId]) -> Test:
    """Return one of Testlify's own tests."""
    source = draw.choice(_LIBRARY)
    made_at = _before(draw, at, 365, 730)
    test_id = object_id(made_at, draw)
    limit = draw.choice((5, 8, 10))
    return Test(
        id=test_id,
        title=source.title,
        org_id="",
        type_id=_type_id(draw, at, types, source.type_name),
        type_name=source.type_name,
        time_limit=draw.choice((300, 600, 900)),
        question_limit=limit,
        max_question_limit=len(source.questions),
        audience="ENGLISH_SPEAKING",
        difficulty=source.difficulty,
        description=source.description,
        relevancy=source.relevancy,
        skills=tuple(
            Skill(id=_next(test_id, number), name=name, text=text)
            for number, (name, text) in enumerate(source.skills, 1)
        ),
        questions=_questions(draw, made_at, source.questions, limit),
    )


def _company_test(
    draw: random.Random, at: datetime, types: dict[str, ObjectId], org_id: ObjectId
) -> Test:
    """Return a test that the organisation wrote.

    Source: documented, example "Assessment Updated": description, relevancy and the texts of
    the skills are empty, and the test may ask up to 20.
    """
    source = draw.choice(_COMPANY)
    made_at = _before(draw, at, 90, 360)
    limit = draw.choice((2, 3, 5))
    return Test(
        id=object_id(made_at, draw),
        title=source.title,
        org_id=org_id,
        type_id=_type_id(draw, at, types, source.type_name),
        type_name=source.type_name,
        time_limit=draw.choice((600, 900, 1200)),
        question_limit=limit,
        max_question_limit=20,
        audience="English Speaking",
        difficulty="Intermediate",
        description="",
        relevancy="",
        skills=tuple(
            Skill(id=bare_object_id(made_at, offset), name=name, text="")
            for offset, name in enumerate(source.skills)
        ),
        questions=_questions(draw, made_at, source.questions, limit),
    )


def _questions(
    draw: random.Random, made_at: datetime, texts: tuple[str, ...], limit: int
) -> tuple[Question, ...]:
    """Return *limit* of *texts* in an order of their own, written soon after their test."""
    return tuple(
        Question(
            id=object_id(made_at + timedelta(seconds=draw.randint(60, 60 * _DAY)), draw), text=text
        )
        for text in draw.sample(texts, limit)
    )


def _type_id(draw: random.Random, at: datetime, types: dict[str, ObjectId], name: str) -> ObjectId:
    """Return the id of the test type *name*, the same for both tests of a content."""
    if name not in types:
        types[name] = object_id(_before(draw, at, 365, 730), draw)
    return types[name]


def _coding_languages(draw: random.Random, at: datetime) -> tuple[ObjectId, ...]:
    """Return ids of programming languages, made in one go as most are in the example."""
    first = object_id(_before(draw, at, 365, 730), draw)
    return tuple(_next(first, number) for number in range(draw.randint(10, 39)))


def _before(draw: random.Random, at: datetime, nearest: int, farthest: int) -> datetime:
    """Return a time between *nearest* and *farthest* days before *at*."""
    return at - timedelta(seconds=draw.randint(nearest * _DAY, farthest * _DAY))


def _next(first: ObjectId, number: int) -> ObjectId:
    """Return the id that is *number* after *first*, counting in its last digits."""
    return ObjectId(f"{int(first, 16) + number:024x}")
