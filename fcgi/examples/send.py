#!/usr/bin/env python3
"""Sends the lines of a file, one JSON event each, in batches.

    python3 send.py http://localhost:8000/ingest/energy/batch readings.ndjson

Each batch is repeated until it is answered. Its key is made from the file's name, its
place in the file and what it holds, so that nothing is stored twice, also when the
program is run again with the same file. Prints the events that are refused; the exit
status is 1 if there were any.
"""
import gzip
import hashlib
import itertools
import json
import os
import sys
import time
import urllib.error
import urllib.request

LINES = 1000  # events of a batch; the server takes up to 10,000, in 16 MiB
AGAIN = {429, 502, 503, 504}  # answers after which a repetition can help


def post(url, key, lines):
    body = "".join(lines).encode()
    headers = {
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
        "Idempotency-Key": hashlib.sha256(key.encode() + body).hexdigest(),
        "Prefer": "return=minimal",  # only the results of events that are refused
    }
    request = urllib.request.Request(url, gzip.compress(body), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def send(url, key, lines):
    """What the server says of the batch, after as many attempts as it takes."""
    for attempt in itertools.count():
        try:
            return post(url, key, lines)
        except urllib.error.HTTPError as error:
            if error.code not in AGAIN:
                sys.exit(f"{error.code}: {error.read().decode()}")
            pause = int(error.headers.get("Retry-After", 1))
        except OSError:  # no connection, or none any more
            pause = 1
        time.sleep(max(pause, min(2**attempt, 60)))


def main(url, path):
    refused = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = (line for line in file if line.strip())
        for number in itertools.count():
            events = list(itertools.islice(lines, LINES))
            if not events:
                break
            answer = send(url, f"{os.path.basename(path)} {number} ", events)
            for result in answer["results"]:
                refused += 1
                print(result["status"], result["detail"], events[result["index"]].strip())
            print(f"{answer['stored']} stored, {answer['duplicate']} known before")
    return 1 if refused else 0


sys.exit(main(*sys.argv[1:]))
