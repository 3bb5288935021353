// Bug: bodies are read one request after the other, so a slow one holds up all that follow.
// Right in all else; the same decisions as core.py takes. Plain Node, no packages.
"use strict";
const crypto = require("crypto"), fs = require("fs"), http = require("http");

const HOOK = "/webhooks/testlify", LARGEST_BODY = 1_000_000, DEEPEST = 64, TOLERANCE = 300;
const STATUSES = ["INVITED", "ENROLLED", "IN_PROGRESS", "INVITATION_EXPIRED", "COMPLETED",
  "DISQUALIFIED", "REJECTED"];
const WORDS = new Set(["candidateStatusChanged", "invited", "enrolled", "in_progress", "completed",
  "disqualified", "rejected", "scoreUpdated", "status_changed", "invitation_expired"]);
const GROUPS = ["candidate", "status", "timeline", "links"];

const given = {port: "0"};
for (let at = 2; at < process.argv.length; at += 2) {
  given[process.argv[at].replace(/^--/, "")] = process.argv[at + 1];
}

class Refused extends Error {
  constructor(status, why) { super(why); this.status = status; }
}

// --- one delivery ----------------------------------------------------------------------------

let turn = Promise.resolve();

function readInTurn(request) {
  const mine = turn.then(() => read(request)); // the bug: read(request) would do
  turn = mine.catch(() => {});
  return mine;
}

function read(request) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    let size = 0;
    const refuse = () => {
      request.removeAllListeners("data");
      request.resume(); // what follows is dropped, so that the sender can read the answer
      reject(new Refused(413, "body too large"));
    };
    if (Number(request.headers["content-length"] || 0) > LARGEST_BODY) return refuse();
    if (request.destroyed) return reject(new Refused(400, "broken off"));
    request.on("data", (piece) => {
      pieces.push(piece);
      if ((size += piece.length) > LARGEST_BODY) refuse();
    });
    request.on("end", () => resolve(Buffer.concat(pieces)));
    request.on("close", () => reject(new Refused(400, "broken off")));
    request.on("error", () => reject(new Refused(400, "broken off")));
  });
}

function isSame(right, one) {
  const [left, other] = [right, one].map((text) => Buffer.from(text));
  return left.length === other.length && crypto.timingSafeEqual(left, other);
}

function authorise(headers, body) {
  if (given.token && !isSame(given.token, headers["x-webhook-token"] || "")) {
    throw new Refused(401, "wrong token");
  }
  if (!given.secret) return;
  const prefix = "webhook-signature" in headers ? "webhook-" : "svix-";
  const [id, at, signatures] = ["id", "timestamp", "signature"].map((name) => headers[prefix + name]);
  if (!id || !/^[0-9]{1,12}$/.test(at || "") || !signatures) throw new Refused(401, "not signed");
  if (Math.abs(Number(at) - Date.now() / 1000) > TOLERANCE) {
    throw new Refused(401, "signed too long ago, or in the future");
  }
  const key = Buffer.from(given.secret.replace(/^whsec_/, ""), "base64");
  const right = crypto.createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  if (!signatures.split(" ").some((one) => isSame(`v1,${right}`, one))) {
    throw new Refused(401, "wrong signature");
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function decoded(headers, body) {
  const type = (headers["content-type"] || "").split(";")[0].trim().toLowerCase();
  if (type !== "application/json") throw new Refused(415, "expected application/json");
  let payload;
  try {
    payload = JSON.parse(new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(body));
  } catch {
    throw new Refused(400, "not JSON");
  }
  if (!isObject(payload)) throw new Refused(400, "not a JSON object");
  let level = [payload];
  for (let depth = 0; depth < DEEPEST; depth++) {
    level = level.flatMap((one) => (typeof one === "object" && one ? Object.values(one) : []));
  }
  if (level.length) throw new Refused(400, "nested too deeply");
  return payload;
}

function text(data, name) {
  if (typeof data[name] !== "string") throw new Refused(422, `${name} is not a text`);
  return data[name];
}

function maybeText(data, name) {
  return data[name] === undefined || data[name] === null ? null : text(data, name);
}

// The keys of v2's groups as v1 has them, without groups.
function flat(data) {
  if (!isObject(data)) return data;
  return Object.assign({...data}, ...GROUPS.map((name) => (isObject(data[name]) ? data[name] : {})));
}

function understood(payload) {
  const has = (value, name) => isObject(value) && Object.hasOwn(value, name);
  const data = flat(payload.data);
  let word = null;
  if (!has(payload, "type") && !has(payload, "event")) {
    if (!has(data, "candidateStatus")) return null; // the test ping
  } else {
    word = text(payload, "event");
    if ((has(payload, "type") && payload.type !== "candidate") || !WORDS.has(word)) return null;
  }
  if (!isObject(data)) throw new Refused(422, "data is not an object");
  const status = text(data, "candidateStatus");
  if (!STATUSES.includes(status)) return null;
  const [email, assessment] = [text(data, "email"), text(data, "assessmentId")];
  const invitedAt = text(data, "invitedAt");
  return {
    status, email, assessment, invitedAt,
    key: JSON.stringify([email.toLowerCase(), assessment, invitedAt]),
    fact: word === "scoreUpdated" ? `rescored ${payload.timestamp}` : status,
    firstName: text(data, "firstName"), lastName: text(data, "lastName"),
    person: maybeText(data, "candidateId"), link: maybeText(data, "resultLink"),
  };
}

// --- what it leads to ------------------------------------------------------------------------

const known = new Map();

function advance(event) {
  const before = known.get(event.key) || {completions: 0, facts: [], person: null, id: null};
  const after = {...before, key: event.key, email: event.email, assessment: event.assessment,
    invitedAt: event.invitedAt};
  if (STATUSES.indexOf(event.status) >= STATUSES.indexOf(before.status)) {
    Object.assign(after, {status: event.status, firstName: event.firstName,
      lastName: event.lastName});
  }
  if (event.status === "COMPLETED") after.completions = 1;
  after.person = before.person || event.person;
  after.id = /([0-9a-f]{24})\.pdf$/.exec(event.link || "")?.[1] || before.id;
  if (!before.facts.includes(event.fact)) after.facts = [...before.facts, event.fact];
  if (given.state) fs.appendFileSync(given.state, JSON.stringify(after) + "\n");
  known.set(event.key, after);
}

function lookUp(name, assessment) {
  const wanted = name.toLowerCase();
  const found = [...known.values()].filter((one) =>
    [one.email.toLowerCase(), one.person, one.id].includes(wanted)
    && (assessment === null || assessment === one.assessment));
  if (!found.length) return [404, {error: `no candidate ${JSON.stringify(name)}`}];
  found.sort((one, other) => (one.invitedAt < other.invitedAt ? -1 : 1));
  const last = found.at(-1);
  const total = (count) => found.reduce((sum, one) => sum + count(one), 0);
  return [200, {
    status: last.status, completions: total((one) => one.completions), email: last.email,
    firstName: last.firstName, lastName: last.lastName, events: total((one) => one.facts.length),
    invitations: found.map((one) => ({id: one.id, candidateId: one.person,
      assessmentId: one.assessment, status: one.status, completions: one.completions})),
  }];
}

// --- HTTP ------------------------------------------------------------------------------------

async function answer(request) {
  const url = new URL(request.url, "http://consumer");
  if (request.method === "GET" && url.pathname === "/health") return [200, {status: "ok"}];
  if (request.method === "GET" && url.pathname.startsWith("/candidates/")) {
    const name = decodeURIComponent(url.pathname.slice("/candidates/".length));
    return lookUp(name, url.searchParams.get("assessment"));
  }
  if (url.pathname !== HOOK) return [404, {error: "no such page"}];
  if (request.method !== "POST") return [405, {error: "expected POST"}];
  const body = await readInTurn(request);
  authorise(request.headers, body);
  const event = understood(decoded(request.headers, body));
  if (event === null) return [200, {status: "ignored"}];
  advance(event);
  return [200, {status: "taken"}];
}

if (given.state && fs.existsSync(given.state)) {
  for (const line of fs.readFileSync(given.state, "utf8").split("\n").filter(Boolean)) {
    known.set(JSON.parse(line).key, JSON.parse(line));
  }
}

const server = http.createServer(async (request, response) => {
  let status, content;
  try {
    [status, content] = await answer(request);
  } catch (error) {
    status = error instanceof Refused ? error.status : error instanceof URIError ? 400 : 500;
    content = {error: error.message};
  }
  response.writeHead(status, {"Content-Type": "application/json"});
  response.end(JSON.stringify(content));
});
server.on("clientError", (_, socket) => socket.destroy());
server.listen(Number(given.port), "127.0.0.1", () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
