#!/usr/bin/env python3
"""A receiver of webhooks that checks their signatures (Standard Webhooks).

    python3 receiver.py SECRET [PORT]

SECRET is the whsec_… with which POST /subscriptions was answered.
"""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import time

KEY = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
seen = set()  # a delivery can arrive twice; a real receiver keeps a table


def is_genuine(headers, body):
    """Whether it was signed with the secret in the last five minutes."""
    sent = headers.get("webhook-timestamp", "0")
    signed = f"{headers.get('webhook-id')}.{sent}.".encode() + body
    mac = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    # There are several while a secret is being replaced: one must be right.
    signatures = headers.get("webhook-signature", "").split()
    is_signed = any(
        hmac.compare_digest(f"v1,{mac}".encode(), s.encode()) for s in signatures
    )
    return is_signed and sent.isdecimal() and abs(time.time() - int(sent)) < 300


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            event = json.loads(body)
            if self.headers["webhook-id"] not in seen:
                seen.add(self.headers["webhook-id"])
                print("verified:", event["type"], event["data"], flush=True)
            self.send_response(204)  # last: after a 2xx the event is not sent again
        self.end_headers()

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
