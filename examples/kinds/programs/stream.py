"""Stands in for a service with long connections. GET /ticks: server-sent events. GET /echo: a WebSocket that repeats
short texts, with the version before them. Anything else: who answers."""
import base64
import hashlib
import json
import time

from common import VERSION, Handler, serve, who

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 4.2.2
TEXT, CLOSE = 1, 8


class Stream(Handler):
    def do_GET(self):
        {"/ticks": self.ticks, "/echo": self.echo}.get(self.path, super().do_GET)()

    def get(self):
        return 200, who()

    def ticks(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(3600):
            self.wfile.write(f"data: {json.dumps(who() | {'tick': number})}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.2)

    def echo(self):
        key = self.headers.get("Sec-WebSocket-Key", "") + MAGIC
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        kind = TEXT
        while kind != CLOSE and (head := self.rfile.read(2)):
            kind, mask = head[0] & 15, self.rfile.read(4)
            text = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(head[1] & 127)))
            back = f"{VERSION} {text.decode()}".encode() if kind == TEXT else text
            self.wfile.write(bytes([128 | kind, len(back)]) + back)
            self.wfile.flush()


serve(Stream)
