"""A receiver of webhooks with nothing but Python 3.8. Run it, then name http://127.0.0.1:8099/ to `goldpro webhook add`:

    WEBHOOK_SECRET=whsec_… python3 examples/verify_webhook.py 8099
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024


def is_genuine(secret, headers, body):
    """Whether a message is ours, unaltered and not an old one sent again. `body` is the bytes as they came."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    try:
        age_seconds = abs(time.time() - int(timestamp))
        key = base64.b64decode(secret[len("whsec_"):])
    except (ValueError, binascii.Error):
        return False
    if age_seconds > TOLERANCE_SECONDS:
        return False
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # While secrets rotate there are two signatures; one that fits is enough.
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in given)


# In your database, in the transaction that acts on the message: a message may come twice.
seen = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        # A negative length would have it read for ever.
        body = self.rfile.read(max(0, min(length, MAX_BODY_BYTES)))
        if not is_genuine(os.environ.get("WEBHOOK_SECRET", ""), self.headers, body):
            print("refused: not genuine", flush=True)
            return self.answer(400)
        message = json.loads(body)
        data = message["data"]
        again = self.headers["webhook-id"] in seen
        seen.add(self.headers["webhook-id"])
        word = "again" if again else "received"
        about = data.get("reference", data.get("batch_id", ""))
        print(word, message["type"], about, data.get("sequence", ""), flush=True)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8099
    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()
