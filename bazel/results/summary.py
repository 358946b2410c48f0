#!/usr/bin/env python3
"""Prints what test runs of Bazel came to, as a table and as one last line.

Usage: summary.py NAME:STATUS:SECONDS:EVENTS...

STATUS is Bazel's exit status, EVENTS its --build_event_json_file; or, of what is run
without Bazel, 0 or 1 and a test.xml. Counts test
cases, as the test.xml files of the tests have them, and what an aspect (a lint) found
no fault with, a target each. Exit status: 0 all passed,
1 something failed, 2 Bazel could not run or no test did.
"""

import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree

# Bazel's: success, build failed, tests failed, no tests found.
BAZEL_RAN = (0, 1, 3, 4)


class Run:
    """What one configuration came to."""

    def __init__(self, name, status, seconds):
        self.name, self.status, self.seconds = name, status, seconds
        self.passed = 0
        self.failed = []  # where
        self.skipped = []  # (where, why)

    def add_test(self, label, passed, xml_path):
        """Counts the cases of one test, at least one of them failed if the test did."""
        failed = []
        found = cases(xml_path)
        if passed and not found:
            self.passed += 1
        for case in found:
            where = f"{label} {case.get('classname', '')}.{case.get('name', '')}".replace(" .", " ")
            skip = case.find("skipped")
            if skip is not None or case.get("result") == "skipped":
                self.skipped.append((where, why(skip)))
            elif case.find("failure") is not None or case.find("error") is not None:
                failed.append(where)
            elif case.get("status") != "notrun":
                self.passed += 1
        # A test that crashed has no test.xml, or one that lacks the guilty case.
        self.failed += failed if failed or passed else [label]


def cases(xml_path):
    try:
        return list(xml.etree.ElementTree.parse(xml_path).iter("testcase"))
    except (OSError, TypeError, xml.etree.ElementTree.ParseError):
        return []


def why(skip):
    """The reason of a <skipped>: GoogleTest puts a line "file:line" before it."""
    message = "" if skip is None else skip.get("message") or skip.text or ""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def read_events(run, path):
    results = {}  # (label, shard) -> (passed, path of test.xml), of the last attempt
    kinds = {}
    not_built, looked_at = set(), set()  # (Bazel may say it more than once.)
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue  # Bazel was killed while it wrote this line.
        key, value = next(iter(event.get("id", {}).items()), (None, None))
        if key == "targetConfigured":
            kinds[value["label"]] = event.get("configured", {}).get("targetKind", "")
        elif key == "targetCompleted":
            label = value["label"]
            reason = event.get("aborted", {}).get("reason")
            succeeded = event.get("completed", {}).get("success")
            if reason == "SKIPPED" and "_test rule" in kinds.get(label, ""):
                run.skipped.append((label, "what it is built from is not installed"))
            elif reason != "SKIPPED" and not succeeded:
                not_built.add(f"{label} (not built)")
            elif "aspect" in value and succeeded:
                looked_at.add((label, value["aspect"]))
        elif key == "testResult":
            result = event.get("testResult", {})
            uris = {out["name"]: out.get("uri", "") for out in result.get("testActionOutput", [])}
            xml_path = urllib.parse.unquote(urllib.parse.urlparse(uris.get("test.xml", "")).path)
            if result.get("status") != "NO_STATUS":
                shard = (value["label"], value.get("shard", 1))
                results[shard] = (result.get("status") == "PASSED", xml_path or None)
    run.failed += sorted(not_built)
    run.passed += len(looked_at)
    for (label, _), (passed, xml_path) in sorted(results.items()):
        run.add_test(label, passed, xml_path)


def read_run(argument):
    name, status, seconds, path = argument.split(":", 3)
    run = Run(name, int(status), int(seconds))
    if path.endswith(".xml"):
        if cases(path):
            run.add_test(name, run.status == 0, path)
        if run.status != 0 and not run.failed:
            run.failed.append("it could not run (see above)")
        return run
    try:
        read_events(run, pathlib.Path(path))
    except OSError as error:
        print(f"drydock: {name}: no events of Bazel ({error.strerror}); see above", file=sys.stderr)
    if run.status not in (0, 4) and not run.failed:
        run.failed.append("the build (see above)")
    return run


def main():
    runs = [read_run(argument) for argument in sys.argv[1:]]
    width = max([len("config")] + [len(run.name) for run in runs])
    print(f"{'config':{width}}  passed  failed  skipped  seconds")
    for run in runs:
        print(f"{run.name:{width}}  {run.passed:6}  {len(run.failed):6}  {len(run.skipped):7}  "
              f"{run.seconds:7}")
    for run in runs:
        for where in run.failed:
            print(f"failed   {run.name}: {where}")
        for where, reason in run.skipped:
            print(f"skipped  {run.name}: {where}: {reason}")
    passed = sum(run.passed for run in runs)
    failed = sum(len(run.failed) for run in runs)
    skipped = sum(len(run.skipped) for run in runs)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if any(run.status not in BAZEL_RAN for run in runs) or passed + failed == 0:
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
