"""Stands in for what works without being asked over HTTP: `work` takes items from a queue until it is told to end, and
then ends what it began; `report` tells a service where it runs, again and again; `once` does that once, as a job."""
import os
import signal
import sys
import time
import urllib.error

from common import call, who

ending = False


def end(*_):
    global ending
    ending = True


def work():
    if (item := call("queue", "POST", "/store/items/take")) is None:
        time.sleep(0.2)
        return
    time.sleep(float(os.environ.get("WORK_SECONDS", "0.1")))
    call("queue", "POST", "/store/done", who() | {"item": item})


def report(to):
    run = {"run": os.environ.get("TANGRAM_RUN"), "occurrence": os.environ.get("TANGRAM_OCCURRENCE")}
    call(to, "POST", "/store/" + os.environ.get("TANGRAM_SERVICE", "reports"), who() | run)


def main(task, *arguments):
    if task == "once":
        return report(*arguments)
    signal.signal(signal.SIGTERM, end)
    while not ending:
        try:
            work() if task == "work" else report(*arguments)
        except (urllib.error.URLError, OSError) as failure:
            print(failure, flush=True)  # the other side moves: tried again
        time.sleep(0.5 if task == "report" else 0)


main(*sys.argv[1:])
