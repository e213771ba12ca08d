"""Places one order over HTTP and follows it to its end: Python 3.9 or newer, standard library only.

GOLDPRO_URL and GOLDPRO_KEY say where and as whom; GOLDPRO_SIGNING_SECRET signs, where the key asks for it.
Usage: python3 place_order.py REFERENCE
"""
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request

URL = os.environ["GOLDPRO_URL"]
KEY = os.environ["GOLDPRO_KEY"]
SIGNING_SECRET = os.environ.get("GOLDPRO_SIGNING_SECRET", "")
ENDED = ("succeeded", "rejected", "expired", "cancelled", "in_doubt")


def signature(method, path, body):
    if not SIGNING_SECRET:
        return {}
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    signed = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body
    digest = hmac.new(SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": f"v1={digest}"}


def ask(method, path, body=b""):
    """Asks until there is an answer: whatever got lost on the way, asking again places no second order."""
    for tries in range(1, 9):
        headers = {"Authorization": f"Bearer {KEY}", **signature(method, path, body)}
        if body:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(URL + path, data=body or None, headers=headers, method=method)
        pause = tries * 0.5
        try:
            with urllib.request.urlopen(request, timeout=40) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 429 and error.code < 500:
                sys.exit(f"refused: {error.read().decode()}")
            pause = float(error.headers.get("Retry-After") or tries)
        except OSError:
            pass
        time.sleep(pause)
    sys.exit("gave up")


order = {
    "kind": "buy",
    "reference": sys.argv[1] if len(sys.argv) > 1 else f"A-{time.time_ns()}",
    "phone_number": "081234500003",
    "amount": 100000,
}
placed = ask("POST", "/v1/orders?wait=20", json.dumps(order).encode())
while placed["state"] not in ENDED:
    placed = ask("GET", f"/v1/orders/{placed['id']}?wait=30")
print(placed["reference"], placed["state"], (placed["executed"] or {}).get("session_id") or placed["reason"])
