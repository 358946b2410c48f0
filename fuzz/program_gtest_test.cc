// The text of the GoogleTest form. That it compiles, fails and passes is shown by
// program_gtest_cases.
#include "fuzz/program_gtest.h"

#include <gtest/gtest.h>

#include <ostream>

namespace drydock::fuzz {
namespace {

constexpr char kProgram[] =
    "drydock program 1\n"
    "\n"
    "fd0 = open(\"/dev/pump\", O_RDWR)\n";

GtestNotes Notes() {
  GtestNotes notes;
  notes.title = "C02 range not checked in pump_mmap";
  notes.module = "pump";
  notes.class_id = "C02";
  notes.class_name = "range not checked";
  return notes;
}

TEST(ProgramGtest, IsATestOfTheProgram) {
  GtestNotes notes = Notes();
  notes.seen = "page 0 is free memory";
  notes.params = {{"size", "64"}};
  EXPECT_EQ(FormatGtest(kProgram, notes),
            "// C02 range not checked in pump_mmap\n"
            "// Seen: page 0 is free memory\n"
            "//\n"
            "// Written by drydock check. Fails for as long as the driver has the mistake.\n"
            "#include <gtest/gtest.h>\n"
            "\n"
            "#include \"fuzz/program_findings.h\"\n"
            "\n"
            "TEST(Pump, C02RangeNotChecked) {\n"
            "  drydock::fuzz::WorkerOptions options;\n"
            "  options.driver = DRIVER;\n"
            "  options.params.emplace_back(\"size\", \"64\");\n"
            "\n"
            "  EXPECT_EQ(drydock::fuzz::FindingsOf(options, R\"text(drydock program 1\n"
            "\n"
            "fd0 = open(\"/dev/pump\", O_RDWR)\n"
            ")text\"),\n"
            "            \"\");\n"
            "}\n");
}

TEST(ProgramGtest, ADeviceFileIsInIt) {
  GtestNotes notes = Notes();
  notes.device_name = "my \"pump\".device";
  notes.device_text = "device pump\n";
  notes.policy_file = "pump.policy";
  const std::string text = FormatGtest(kProgram, notes);
  EXPECT_NE(text.find("device_name = \"my \\\"pump\\\".device\";\n"), text.npos) << text;
  EXPECT_NE(text.find("device_text = R\"text(device pump\n)text\";\n"), text.npos) << text;
  EXPECT_NE(text.find("policy_file = \"pump.policy\";\n"), text.npos) << text;
}

TEST(ProgramGtest, ATextThatEndsARawStringDoesNot) {
  const std::string text = FormatGtest("a)text\"b)text_\"c", Notes());
  EXPECT_NE(text.find("R\"text__(a)text\"b)text_\"c)text__\""), text.npos) << text;
}

TEST(ProgramGtest, WhatTheDriverSaysStaysInTheComment) {
  GtestNotes notes = Notes();
  notes.title = "one\n#error\\";
  notes.seen = "two\r\n\\";
  const std::string text = FormatGtest(kProgram, notes);
  EXPECT_EQ(text.substr(0, text.find("//\n")), "// one #error \n// Seen: two   \n");
}

struct NameCase {
  const char* name;
  const char* module;
  const char* class_id;
  const char* class_name;
  const char* test;
};
void PrintTo(const NameCase& c, std::ostream* out) { *out << c.name; }

class ProgramGtestName : public testing::TestWithParam<NameCase> {};

TEST_P(ProgramGtestName, IsAnIdentifier) {
  GtestNotes notes = Notes();
  notes.module = GetParam().module;
  notes.class_id = GetParam().class_id;
  notes.class_name = GetParam().class_name;
  const std::string text = FormatGtest(kProgram, notes);
  EXPECT_NE(text.find(std::string("TEST(") + GetParam().test + ") {\n"), text.npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Names, ProgramGtestName,
    testing::Values(
        NameCase{"words", "drydock_dma_buffer", "C27", "wrong way to insert this kind of page",
                 "DrydockDmaBuffer, C27WrongWayToInsertThisKindOfPage"},
        NameCase{"digits_first", "8250_pump", "X06", "sanitizer report",
                 "Driver8250Pump, X06SanitizerReport"},
        NameCase{"marks", "open-dice", "C28", "mapping's flags", "OpenDice, C28MappingSFlags"},
        NameCase{"nothing", "", "C01", "", "Driver, C01Finding"},
        NameCase{"other_letters", "p\xc3\xbcmp", "C01", "no window", "PMp, C01NoWindow"}),
    [](const testing::TestParamInfo<NameCase>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock::fuzz
