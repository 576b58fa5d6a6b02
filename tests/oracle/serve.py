"""The child: reads jobs as JSON lines, runs scenarios on the Tornado it finds (child side).

A job is ``{"program": {...}, "scenarios": [...]}``; the answer is ``{"observations": [...]}`` or
``{"error": "..."}`` where the harness itself, or loading the module, failed.
"""

import gc
import json
import os
import signal
import sys
import traceback

import driver
from program import Program
from scenario import Scenario


def answer(job: dict) -> dict:
    program = Program(**{**job["program"], "folders": tuple(job["program"]["folders"])})
    seen = []
    for data in job["scenarios"]:
        scenario = Scenario.from_json(data)
        try:
            seen.append(driver.Driver(scenario, program).run().to_json())
        except Exception as error:
            where = traceback.format_exc(limit=-3)
            return {"error": f"{scenario.name}: {type(error).__name__}: {error}\n{where}"}
    return {"observations": seen}


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, driver.out_of_time)
    gc.freeze()  # what is imported by now need not be searched after every scenario
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
