/** Code that a partner copies. `GOLDPRO_URL`, `GOLDPRO_KEY` and `GOLDPRO_SECRET` are environment variables. */
export interface CodeSample {
  readonly language: string
  readonly code: string
}

export const FIRST_ORDER: readonly CodeSample[] = [
  {
    language: 'curl',
    code: `curl -X POST "$GOLDPRO_URL/v1/orders?wait=10" \\
  -H "Authorization: Bearer $GOLDPRO_KEY" -H "Content-Type: application/json" \\
  -d '{"kind":"buy","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}'`,
  },
  {
    language: 'Node',
    code: `const response = await fetch(\`\${process.env.GOLDPRO_URL}/v1/orders?wait=10\`, {
  method: 'POST',
  headers: { authorization: \`Bearer \${process.env.GOLDPRO_KEY}\`, 'content-type': 'application/json' },
  body: JSON.stringify({ kind: 'buy', reference: 'A-1', phone_number: '081234500001', gold_weight: '0.5' }),
})
const order = await response.json()
console.log(response.status, order.state ?? order.code)`,
  },
  {
    language: 'Python',
    code: `import json, os, urllib.error, urllib.request

order = {"kind": "buy", "reference": "A-1", "phone_number": "081234500001", "gold_weight": "0.5"}
request = urllib.request.Request(
    os.environ["GOLDPRO_URL"] + "/v1/orders?wait=10",
    data=json.dumps(order).encode(),
    headers={"Authorization": "Bearer " + os.environ["GOLDPRO_KEY"], "Content-Type": "application/json"},
)
try:
    with urllib.request.urlopen(request, timeout=30) as response:
        print(response.status, json.load(response)["state"])
except urllib.error.HTTPError as problem:
    print(problem.code, json.load(problem)["code"])`,
  },
  {
    language: 'PHP',
    code: `<?php
$order = ['kind' => 'buy', 'reference' => 'A-1', 'phone_number' => '081234500001', 'gold_weight' => '0.5'];
$request = curl_init(getenv('GOLDPRO_URL') . '/v1/orders?wait=10');
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 30,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('GOLDPRO_KEY'), 'Content-Type: application/json'],
    CURLOPT_POSTFIELDS => json_encode($order),
]);
$answer = json_decode(curl_exec($request), true);
echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer['state'] ?? $answer['code'], "\\n";`,
  },
]

/** The headers of a signed key's request. */
export const SIGNED_REQUEST: readonly CodeSample[] = [
  {
    language: 'curl',
    code: `BODY='{"kind":"buy","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}'
TIME=$(date +%s) NONCE=$(openssl rand -hex 16)
SIGNATURE=$(printf 'POST\\n/v1/orders\\n%s\\n%s\\n%s' "$TIME" "$NONCE" "$BODY" |
  openssl dgst -sha256 -hmac "$GOLDPRO_SECRET" -hex | sed 's/.*= //')
curl -X POST "$GOLDPRO_URL/v1/orders" -H "Authorization: Bearer $GOLDPRO_KEY" -H "Content-Type: application/json" \\
  -H "X-Timestamp: $TIME" -H "X-Nonce: $NONCE" -H "X-Signature: v1=$SIGNATURE" -d "$BODY"`,
  },
  {
    language: 'Node',
    code: `import { createHmac, randomBytes } from 'node:crypto'

function signedHeaders(method, path, body) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = randomBytes(16).toString('hex')
  const hmac = createHmac('sha256', process.env.GOLDPRO_SECRET)
  const hex = hmac.update(\`\${method}\\n\${path}\\n\${timestamp}\\n\${nonce}\\n\${body}\`).digest('hex')
  return { 'x-timestamp': timestamp, 'x-nonce': nonce, 'x-signature': \`v1=\${hex}\` }
}`,
  },
  {
    language: 'Python',
    code: `import hashlib, hmac, os, secrets, time

def signed_headers(method: str, path: str, body: str) -> dict:
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = f"{method}\\n{path}\\n{timestamp}\\n{nonce}\\n{body}"
    digest = hmac.new(os.environ["GOLDPRO_SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": "v1=" + digest}`,
  },
  {
    language: 'PHP',
    code: `<?php
function signed_headers(string $method, string $path, string $body): array {
    [$timestamp, $nonce] = [(string) time(), bin2hex(random_bytes(16))];
    $text = "$method\\n$path\\n$timestamp\\n$nonce\\n$body";
    $hex = hash_hmac('sha256', $text, getenv('GOLDPRO_SECRET'));
    return ["X-Timestamp: $timestamp", "X-Nonce: $nonce", "X-Signature: v1=$hex"];
}`,
  },
]

/** Whether a webhook is genuine. The secret is the one that begins with whsec_. */
export const VERIFIED_WEBHOOK: readonly CodeSample[] = [
  {
    language: 'Node',
    code: `import { createHmac, timingSafeEqual } from 'node:crypto'

// body: the bytes as received, before they are parsed
function isGenuine(secret, headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const expected = createHmac('sha256', key).update(\`\${id}.\${timestamp}.\`).update(body).digest()
  return signatures.split(' ').some((each) => {
    const given = Buffer.from(each.replace(/^v1,/, ''), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}`,
  },
  {
    language: 'Python',
    code: `import base64, hashlib, hmac, time

# body: the bytes as received, before they are parsed
def is_genuine(secret: str, headers, body: bytes) -> bool:
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret[len("whsec_"):]), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(each, expected) for each in headers["webhook-signature"].split(" "))`,
  },
  {
    language: 'PHP',
    code: `<?php
// $body: the bytes as received, such as file_get_contents('php://input')
function is_genuine(string $secret, array $headers, string $body): bool {
    if (abs(time() - (int) $headers['webhook-timestamp']) > 300) return false;
    $signed = "{$headers['webhook-id']}.{$headers['webhook-timestamp']}.$body";
    $key = base64_decode(substr($secret, strlen('whsec_')));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
    foreach (explode(' ', $headers['webhook-signature']) as $given)
        if (hash_equals($expected, $given)) return true;
    return false;
}`,
  },
]
