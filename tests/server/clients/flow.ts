// Drives the provider API with openapi-fetch and the types that openapi-typescript generated.
//
// Arguments: base URL, access token, URL of the receiver. Prints the ids of assessment and
// candidate, waits for a line, and then prints the candidate's result.

import { once } from "node:events";
import createClient from "openapi-fetch";
import type { paths } from "./testlify.d.ts";

const [url, token, receiver] = process.argv.slice(2) as [string, string, string];

function as(accessToken: string) {
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${accessToken}` } });
}

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const made = given(
  await as(token).POST("/v1/workspace/accesstoken/generate", { body: { note: "generated client" } }),
);
const client = as(made.data.accessToken);

given(
  await client.POST("/v1/webhook", {
    body: { name: "ats", payloadUrl: receiver, events: ["candidate.completed"] },
  }),
);
const tests = given(
  await client.GET("/v1/test/library/search", { params: { query: { limit: 1 } } }),
);
const job = given(
  await client.POST("/v1/assessment/compose", {
    body: { title: "Analyst", testLibraryIds: [tests.data[0]!.id] },
  }),
).data;
const invited = given(
  await client.POST("/v1/assessment/candidate/invites", {
    body: {
      assessmentId: job.id,
      candidateInvites: [{ email: "ada@example.com", firstName: "Ada", lastName: "Sample" }],
    },
  }),
).data[0]!;
if (invited.status !== "VALID") throw new Error(invited.message);
const candidateId = invited.candidateId!;
console.log(JSON.stringify({ assessment: job.id, candidate: candidateId }));

await once(process.stdin, "data");
const path = { assessmentId: job.id, candidateId };
const result = given(
  await client.GET("/v1/assessment/{assessmentId}/candidate/{candidateId}", { params: { path } }),
);
console.log(JSON.stringify(result));
process.exit();
