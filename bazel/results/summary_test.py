#!/usr/bin/env python3
"""summary.py counts what Bazel's events and the test.xml files say, and no more."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SUMMARY = pathlib.Path(os.environ.get("TEST_SRCDIR", "."),
                       os.environ.get("TEST_WORKSPACE", "."), "bazel/results/summary.py")

PASSED = '<testcase name="P" classname="A" status="run" result="completed"/>'
FAILED = '<testcase name="F" classname="A" status="run"><failure message="no"/></testcase>'
SKIPPED = ('<testcase name="S" classname="A" status="run" result="skipped">'
           '<skipped message="a_test.cc:7&#x0A;no hardware&#x0A;"/></testcase>')
DISABLED = '<testcase name="D" classname="A" status="notrun" result="suppressed"/>'


class Summary(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.events = []

    def add_result(self, label, status, cases, attempt=1, shard=1):
        xml = self.folder / f"{label.strip('/').replace('/', '_')}_{shard}_{attempt} x.xml"
        if cases is not None:
            xml.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
        self.events.append({
            "id": {"testResult": {"label": label, "shard": shard, "attempt": attempt}},
            "testResult": {"status": status, "testActionOutput": [
                {"name": "test.log", "uri": "file:///nowhere"},
                {"name": "test.xml", "uri": xml.as_uri()}]}})

    def run_summary(self, status, garbage=""):
        events = self.folder / "events"
        events.write_text("".join(json.dumps(e) + "\n" for e in self.events) + garbage)
        done = subprocess.run([sys.executable, SUMMARY, f"gcc:{status}:12:{events}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.splitlines()

    def test_counts_cases_and_names_reasons(self):
        self.add_result("//a:t", "PASSED", PASSED * 3 + SKIPPED + DISABLED)
        code, lines = self.run_summary(0)
        self.assertEqual((code, lines[-1]), (0, "3 passed, 0 failed, 1 skipped"))
        self.assertIn("skipped  gcc: //a:t A.S: no hardware", lines)

    def test_names_the_case_that_failed(self):
        self.add_result("//a:t", "FAILED", PASSED + FAILED)
        code, lines = self.run_summary(3)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("failed   gcc: //a:t A.F", lines)

    def test_a_crash_that_no_case_shows_is_a_failure(self):
        self.add_result("//a:t", "FAILED", PASSED)
        self.add_result("//a:u", "TIMEOUT", None)
        code, lines = self.run_summary(3)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 2 failed, 0 skipped"))

    def test_a_test_without_cases_is_one(self):
        self.add_result("//a:t", "PASSED", None)
        self.assertEqual(self.run_summary(0)[1][-1], "1 passed, 0 failed, 0 skipped")

    def test_the_last_attempt_counts(self):
        self.add_result("//a:t", "FAILED", FAILED, attempt=1)
        self.add_result("//a:t", "PASSED", PASSED, attempt=2)
        self.assertEqual(self.run_summary(0)[1][-1], "1 passed, 0 failed, 0 skipped")

    def test_each_shard_counts(self):
        self.add_result("//a:t", "FAILED", FAILED + DISABLED, shard=1)
        self.add_result("//a:t", "PASSED", PASSED * 2 + DISABLED, shard=2)
        self.add_result("//a:t", "PASSED", PASSED, shard=3)
        code, lines = self.run_summary(3)
        self.assertEqual((code, lines[-1]), (1, "3 passed, 1 failed, 0 skipped"))
        self.assertIn("failed   gcc: //a:t A.F", lines)

    def test_what_does_not_build_fails(self):
        self.add_result("//a:t", "PASSED", PASSED)
        self.events += [{"id": {"targetCompleted": {"label": "//a:u"}}, "completed": {}},
                        {"id": {"targetCompleted": {"label": "//a:u"}}, "aborted": {}},
                        {"id": {"targetCompleted": {"label": "//a:t"}},
                         "completed": {"success": True}}]
        code, lines = self.run_summary(1)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def run_xml(self, status, text):
        xml = self.folder / "conform.xml"
        xml.write_text(text)
        done = subprocess.run([sys.executable, SUMMARY, f"conform:{status}:12:{xml}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.splitlines()

    def test_what_runs_without_bazel_has_a_test_xml(self):
        whole = "<testsuites><testsuite>%s</testsuite></testsuites>"
        code, lines = self.run_xml(0, whole % (PASSED + SKIPPED))
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))
        code, lines = self.run_xml(1, whole % (PASSED + FAILED))
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("failed   conform: conform A.F", lines)
        for text in ("", whole % ""):
            code, lines = self.run_xml(1, text)
            self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_target_that_a_lint_looked_at_counts_once(self):
        for label, completed in (("//a:t", {"success": True}), ("//a:t", {"success": True}),
                                 ("//a:u", {})):
            self.events += [{"id": {"targetCompleted": {"label": label, "aspect": "lint"}},
                             "completed": completed},
                            {"id": {"targetCompleted": {"label": label}},
                             "completed": {"success": True}}]
        code, lines = self.run_summary(1)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_broken_build_file_is_a_failure_though_all_tests_pass(self):
        self.add_result("//a:t", "PASSED", PASSED)
        self.assertEqual(self.run_summary(1)[0], 1)

    def test_a_test_that_this_machine_cannot_build_is_skipped(self):
        self.add_result("//a:t", "PASSED", PASSED)
        for label, kind in (("//k:t", "sh_test rule"), ("//k:ko", "_kernel_module rule")):
            self.events += [
                {"id": {"targetConfigured": {"label": label}}, "configured": {"targetKind": kind}},
                {"id": {"targetCompleted": {"label": label}}, "aborted": {"reason": "SKIPPED"}}]
        self.assertEqual(self.run_summary(0)[1][-1], "1 passed, 0 failed, 1 skipped")

    def test_no_tests_is_an_error_and_so_is_a_bazel_that_did_not_run(self):
        self.assertEqual(self.run_summary(4)[0], 2)
        self.add_result("//a:t", "PASSED", PASSED)
        self.assertEqual(self.run_summary(37)[0], 2)

    def test_a_truncated_last_line_is_not_read(self):
        self.add_result("//a:t", "PASSED", PASSED)
        self.assertEqual(self.run_summary(0, '{"id":{"test')[1][-1], "1 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
