"""Stands in for a database, a cache or a queue: lists by name. GET /store/NAME: the list. POST /store/NAME: appends.
POST /store/NAME/take: takes the oldest. With a volume 'data' it keeps them, and lets no second process at them."""
import fcntl
import json
import os
import threading

from common import VERSION, Handler, serve

lists, lock, log = {}, threading.Lock(), None


def apply(name, change, value):
    if change == "take":
        return lists[name].pop(0) if lists.get(name) else None
    lists.setdefault(name, []).append(value)
    return len(lists[name])


def write(name, change, value):
    with lock:
        if log:
            log.write(json.dumps([name, change, value]) + "\n")
            log.flush()
            os.fsync(log.fileno())
        return apply(name, change, value)


class Store(Handler):
    def get(self):
        if not self.path.startswith("/store/"):
            return 200, {"version": VERSION}
        with lock:
            return 200, list(lists.get(self.path.split("/")[2], []))

    def post(self, body):
        name, *change = self.path.split("/")[2:]
        return 200, write(name, *(change or ["add"]), body)


if folder := os.environ.get("TANGRAM_VOLUME_DATA"):
    log = open(os.path.join(folder, "log"), "a+", encoding="utf-8")
    fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with an error when another holds it
    log.seek(0)
    for line in log:
        apply(*json.loads(line))
serve(Store)
