"""Drives the provider API with the client that openapi-python-client generated as `testlify`.

Arguments: base URL, access token, URL of the receiver. Prints the ids of assessment and candidate,
waits for a line, and then prints the candidate's score.
"""

import json
import sys
from typing import Any

from testlify.api.default import (  # type: ignore[import-not-found]
    compose_assessment,
    create_webhook,
    generate_access_token,
    get_candidate_result,
    invite_candidates,
    search_tests,
)
from testlify.client import AuthenticatedClient  # type: ignore[import-not-found]
from testlify.models import (  # type: ignore[import-not-found]
    Compose,
    CreateWebhook,
    CreateWebhookEventsItem,
    GenerateToken,
    Invite,
    Invitee,
)


def answer(call: Any, client: Any, *path: str, **options: Any) -> Any:
    """Return the answer to a call, as the generated client read it."""
    response = call.sync_detailed(*path, client=client, **options)
    assert response.status_code < 300, response.content
    return response.parsed


url, token, receiver = sys.argv[1:]
first = AuthenticatedClient(base_url=url, token=token)
made = answer(generate_access_token, first, body=GenerateToken(note="generated client")).data
client = AuthenticatedClient(base_url=url, token=made.access_token)

events = [CreateWebhookEventsItem.CANDIDATE_COMPLETED]
answer(create_webhook, client, body=CreateWebhook("ats", receiver, events))
test = answer(search_tests, client, limit=1).data[0]
job = answer(compose_assessment, client, body=Compose("Analyst", [test.id])).data
ada = Invitee("ada@example.com", "Ada", "Sample")
invited = answer(invite_candidates, client, body=Invite(job.id, [ada])).data[0]
assert invited.status == "VALID"
print(json.dumps({"assessment": job.id, "candidate": invited.candidate_id}), flush=True)

sys.stdin.readline()
result = answer(get_candidate_result, client, job.id, invited.candidate_id)
print(json.dumps(result.to_dict()), flush=True)
