#!/usr/bin/env python3
"""http_heads.py COUNT SEED: requests for a differential test of heads and bodies. For each one line of JSON: the bytes in
hexadecimal, and what h11 reads of them: the requests with method, target and body, or that it refuses them."""
import json, random, sys

import h11

HEADS = [
    b"Content-Length: %d", b"content-length: %d", b"Content-Length: %d\r\nContent-Length: %d", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d", b"Transfer-Encoding: gzip, chunked", b"Content-Length: +%d",
    b"Transfer-Encoding : chunked", b"Content-Length: %d, %d", b"X: a\r\n b", b"Transfer-Encoding:\tchunked", b"X", b"X:",
]


def request(r):
    body = bytes(r.randrange(256) for _ in range(r.randrange(30)))
    head = r.choice(HEADS)
    line = r.choice([b"GET / HTTP/1.1", b"POST /a?b=c HTTP/1.1", b"PUT /x HTTP/1.0", b"GET  / HTTP/1.1", b"GET / HTTP/1.2"])
    if b"%d" in head:
        head = head % ((len(body),) * head.count(b"%d"))
    if b"chunked" in head:
        size = b"%x" % len(body)
        body = (size + r.choice([b"", b";a", b" "]) + b"\r\n" + body + b"\r\n" if body else b"") + b"0\r\n\r\n"
    elif b"ength" not in head:
        body = b""
    return line + b"\r\nHost: h\r\n" + head + b"\r\n\r\n" + body


def mutated(r, data):
    data = bytearray(data)
    for _ in range(r.randrange(3)):
        at = r.randrange(len(data))
        match r.randrange(3):
            case 0: data[at] ^= 1 << r.randrange(8)
            case 1: del data[at]
            case _: data.insert(at, r.choice(b"\r\n :;,\x00\t0f"))
    return bytes(data)


def read(data):
    """The whole requests that h11 finds, and whether it refuses what follows."""
    found = []
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    try:
        connection.receive_data(data)
        current = None
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return found, False
            if isinstance(event, h11.Request):
                current = {"method": event.method.decode("latin-1"), "target": event.target.decode("latin-1"), "body": ""}
            elif isinstance(event, h11.Data):
                current["body"] += bytes(event.data).hex()
            elif isinstance(event, h11.EndOfMessage):
                found.append(current)
                return found, False                          # one request for each connection
            else:
                return found, False
    except h11.RemoteProtocolError:
        return found, True


r = random.Random(int(sys.argv[2]))
for _ in range(int(sys.argv[1])):
    data = mutated(r, request(r))
    found, refused = read(data)
    print(json.dumps({"bytes": data.hex(), "requests": found, "refused": refused}))
