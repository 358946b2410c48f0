#!/usr/bin/env python3
"""The tutorial and its files say the same: every block of code in docs/tutorial.md is in the files.

    tutorial_test.py TUTORIAL PUMP_C PUMP_TEST_CC BUILD_BAZEL
"""

import re
import sys
import unittest


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class TutorialTest(unittest.TestCase):
    def blocks(self, language):
        found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.M | re.S)
        self.assertTrue(found, f"the tutorial shows no {language}")
        return found

    def test_the_driver_is_shown_as_it_is(self):
        for block in self.blocks("c"):
            self.assertIn(block, PUMP_C)

    def test_the_planted_bug_takes_the_place_of_lines_of_the_driver(self):
        for block in self.blocks("diff"):
            lines = block.splitlines()
            before = [line[1:] for line in lines if line[0] in "- "]
            self.assertIn("\n".join(before) + "\n", PUMP_C)
            self.assertTrue(any(line[0] == "+" for line in lines))

    def test_the_parts_of_the_test_are_the_whole_test(self):
        self.assertEqual("\n".join(self.blocks("cpp")), PUMP_TEST)

    def test_the_build_file_is_shown_as_it_is(self):
        self.assertEqual(self.blocks("python"), [BUILD])

    def test_every_file_that_is_named_is_there(self):
        for name in re.findall(r"`examples/tutorial/([\w.]+\.(?:c|cc|bazel))`", TEXT):
            self.assertIn(name, ["pump.c", "pump_test.cc", "BUILD.bazel"])


if __name__ == "__main__":
    TEXT, PUMP_C, PUMP_TEST, BUILD = (read(path) for path in sys.argv[1:5])
    unittest.main(argv=sys.argv[:1])
