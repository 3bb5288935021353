// Says of each request on stdin, a JSON array, whether the vendors' libraries for Node, or Node's
// own crypto for ed25519, find its signature right.
const { createPublicKey, verify } = require("node:crypto");
const { readFileSync } = require("node:fs");

const HMAC = { svix: require("svix").Webhook, standardwebhooks: require("standardwebhooks").Webhook };
const ED25519 = Buffer.from("302a300506032b6570032100", "hex"); // SPKI, before the key

function holds({ library, key, headers, body }) {
  if (library in HMAC) {
    try {
      new HMAC[library](key).verify(body, headers);
      return true;
    } catch (error) {
      return false;
    }
  }
  const raw = Buffer.from(key.replace("whpk_", ""), "base64");
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const spki = createPublicKey({ key: Buffer.concat([ED25519, raw]), format: "der", type: "spki" });
  const signature = headers["webhook-signature"].replace("v1a,", "");
  return verify(null, Buffer.from(content), spki, Buffer.from(signature, "base64"));
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(holds)));
