"""What the stand-ins share: an HTTP server on the replica's port, and calls to other services."""
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ.get("VERSION", "1")


def who():
    names = ("service", "replica", "node", "zone", "revision")
    return {name: os.environ.get("TANGRAM_" + name.upper(), "") for name in names} | {"version": VERSION}


def call(service, method, path, body=None):
    """Asks another service, at the address that Tangram gives."""
    url = os.environ["TANGRAM_URL_" + service.upper().replace("-", "_")].rstrip("/") + path
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as answer:
        return json.load(answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body

    def do_GET(self):
        self.answer(*self.get())

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(*self.post(json.loads(text or b"null")))

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


def serve(handler):
    Server((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), handler).serve_forever()
