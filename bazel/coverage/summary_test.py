#!/usr/bin/env python3
"""summary.py adds up an LCOV file by folder."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SUMMARY = pathlib.Path(os.environ.get("TEST_SRCDIR", "."),
                       os.environ.get("TEST_WORKSPACE", "."), "bazel/coverage/summary.py")

LCOV = """\
SF:sim/hw/a.cc
FN:1,f
FNDA:2,f
FNF:1
FNH:1
BRF:4
BRH:1
DA:1,2
LF:10
LH:9
end_of_record
SF:sim/hw/b.cc
FNF:0
FNH:0
LF:10
LH:0
end_of_record
SF:fuzz/c.cc
FNF:2
FNH:1
LF:3
LH:3
end_of_record
"""


class Summary(unittest.TestCase):

    def run_summary(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".dat") as file:
            file.write(text)
            file.flush()
            return subprocess.run([sys.executable, SUMMARY, file.name], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)

    def test_adds_up_files_of_a_folder(self):
        lines = self.run_summary(LCOV).stdout.splitlines()
        rows = {line.split()[0]: line.split()[1:] for line in lines[1:]}
        self.assertEqual(rows["sim/hw"], "9 of 20 45.0 % 1 of 1 100.0 % 1 of 4 25.0 %".split())
        self.assertEqual(rows["fuzz"], "3 of 3 100.0 % 1 of 2 50.0 % 0 of 0 -".split())
        self.assertEqual(rows["all"], "12 of 23 52.2 % 2 of 3 66.7 % 1 of 4 25.0 %".split())

    def test_an_empty_report_says_what_to_do(self):
        done = self.run_summary("")
        self.assertEqual(done.returncode, 1)
        self.assertIn("bazel coverage //...", done.stderr)


if __name__ == "__main__":
    unittest.main()
