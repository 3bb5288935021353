"""A consumer that is an ASGI application, tested without a socket."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator import Testlify

scores: dict[str, int] = {}


async def webhook(request: Request) -> Response:
    data = (await request.json())["data"]
    scores[data["email"]] = data["totalScoreAchieved"]
    return Response(status_code=204)


app = Starlette(routes=[Route("/", webhook, methods=["POST"])])


def test_a_completed_candidate_has_a_score(testlify: Testlify) -> None:
    testlify.add_webhook(name="ats", payload_url=app, events=["candidate.completed"])
    job = testlify.create_assessment(title="Job Analysis Specialist")
    ada = testlify.invite(job.id, email="ada@example.com")
    testlify.enroll(ada.id)
    testlify.start(ada.id)
    testlify.complete(ada.id, score=14, of=32)

    testlify.expect(
        "candidate.completed",
        candidate=ada,
        where={"data.totalScoreAchieved": 14},
        answered=204,
        count=1,
    )
    assert scores == {"ada@example.com": 14}
