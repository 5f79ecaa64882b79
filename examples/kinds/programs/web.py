"""Stands in for a web server or an API. GET /healthz: 200. GET /private: for who knows the secret 'token'.
/store/...: passed on to the service in STORE. Anything else: who answers, and what the services in CALLS answer."""
import itertools
import os
import resource
import time

from common import Handler, call, serve, who

FAIL_EVERY = int(os.environ.get("FAIL_EVERY", "0"))  # a defect of one version: each such request fails
requests = itertools.count(1)


def given(variable):
    """A config or a secret: its path is in a variable."""
    with open(os.environ[variable], encoding="utf-8") as file:
        return file.read().strip()


class Web(Handler):
    def get(self):
        if self.path == "/healthz":
            return 200, "ok"
        if self.path == "/private":
            right = self.headers.get("Authorization") == "Bearer " + given("TANGRAM_SECRET_TOKEN")
            return (200, "welcome") if right else (401, "who are you?")
        if self.path.startswith("/store/"):
            return 200, call(os.environ["STORE"], "GET", self.path)
        if FAIL_EVERY and next(requests) % FAIL_EVERY == 0:
            return 500, "a defect"
        configs = {name: given(name) for name in os.environ if name.startswith("TANGRAM_CONFIG_")}
        shown = {name: os.environ[name] for name in os.environ.get("SHOW", "").split()}
        calls = {name: call(name, "GET", "/") for name in os.environ.get("CALLS", "").split()}
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return 200, who() | {"configs": configs, "environment": shown, "calls": calls, "open_files": files}

    def post(self, body):
        return 200, call(os.environ["STORE"], "POST", self.path, body)


time.sleep(float(os.environ.get("START_SECONDS", "0")))
serve(Web)
