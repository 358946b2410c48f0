// What the command cannot work with: one line on standard error that says what, where and what to
// do, exit status 2, and nothing half-written. Where a driver cannot be run, its results say so,
// too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tools/command/command_run.h"

namespace drydock::command {
namespace {

using Words = std::vector<std::string>;

// A driver that cannot be run, as the file sample.c.
struct DriverCase {
  const char* name;
  std::string text;
  Words line;  // pieces of the one line
};

void PrintTo(const DriverCase& c, std::ostream* out) { *out << c.name; }

class BadDriver : public CommandTest, public testing::WithParamInterface<DriverCase> {};

TEST_P(BadDriver, IsOneLineAndStatusTwo) {
  Write("sample.c", GetParam().text);
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json);

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith(GetParam().line));
  EXPECT_EQ(json.value("exit_status", -1), 2);
  const nlohmann::json driver = json.at("drivers").at(0);
  EXPECT_EQ("drydock: " + driver.at("error").get<std::string>() + "\n", result.err);
  EXPECT_EQ(driver.at("executions"), 0);
  EXPECT_THAT(result.out, testing::HasSubstr("could not run"));
  EXPECT_THAT(FilesIn("out"),
              testing::AnyOf(testing::IsEmpty(), testing::ElementsAre("sample-compile.log")));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadDriver,
    testing::ValuesIn(std::vector<DriverCase>{
        {"NotC",
         "Dear sir,\nthe pump does not pump.\n",
         {"sample.c:1: ", "out/sample-compile.log"}},
        {"Binary",
         std::string("\x7f"
                     "ELF\0\0",
                     6),
         {"sample.c: not C source"}},
        {"Empty", "", {"sample.c: empty, name the driver's C file"}},
        {"MissingHeader",
         DriverText({.top = "#include <linux/no_such_thing.h>"}),
         {"sample.c:13: no header <linux/no_such_thing.h>", "docs/add-a-kernel-function.md"}},
        {"UndeclaredFunction",
         DriverText({.init = "pump_up(1);"}),
         {"sample.c:39: pump_up() is not declared", "docs/add-a-kernel-function.md"}},
        {"FunctionThatNobodyHas",
         DriverText({.top = "extern int pump_up(void);", .init = "pump_up();"}),
         {"sample.c: uses pump_up", "docs/add-a-kernel-function.md"}},
        {"FunctionOfALaterKernel",
         DriverText({.init = "zap_special_vma_range(NULL, 0, 0);"}),
         {"sample.c:39: zap_special_vma_range is not in kernel 6.1, but in 7.3"}},
        {"FunctionThatTheKernelDoesNotExport",
         DriverText(
             {.top = "extern void zap_special_vma_range(struct vm_area_struct *vma, unsigned "
                     "long from, unsigned long size);",
              .init = "zap_special_vma_range(NULL, 0, 0);"}),
         {"sample.c: uses zap_special_vma_range, which kernel 6.1 does not export: only 7.3"}},
        {"StubInInit",
         DriverText({.init = "if (clk_enable(NULL)) return -EIO;"}),
         {"sample_init", "clk_enable"}},
        {"NoModuleInit", DriverText({.module_init = ""}), {"sample.c: has no module_init"}},
        {"RegistersNothing",
         DriverText({.init = "return 0;"}),
         {"sample.c: registers no character device"}},
        {"NoMmapHook",
         DriverText({.hooks = ".llseek = noop_llseek,"}),
         {"sample.c: no character device of it has an mmap hook"}},
        {"InitFails",
         DriverText({.init = "return -EBUSY;"}),
         {"sample", "sample_init() failed", "-EBUSY"}},
        {"InitCrashes",
         DriverText({.init = "*(volatile int *)8 = 1;"}),
         {"sample_init() did not return", "segmentation fault"}},
        {"InitBugs", DriverText({.init = "BUG();"}), {"sample_init() did not return", "BUG"}},
        {"InitLoops",
         DriverText({.init = "for (;;) READ_ONCE(buffer);"}),
         {"sample_init() did not return", "still running"}},
    }),
    [](const auto& info) { return info.param.name; });

// A command line that cannot be carried out, beside a right driver sample.c.
struct LineCase {
  const char* name;
  Words arguments;
  Words line;
};

void PrintTo(const LineCase& c, std::ostream* out) { *out << c.name; }

class BadCommandLine : public CommandTest, public testing::WithParamInterface<LineCase> {};

TEST_P(BadCommandLine, IsOneLineAndStatusTwoAndWritesNothing) {
  Write("sample.c", DriverText({}));
  Write("folder.c/x", "");
  Write("sample.cc", "int x;\n");
  Write("bad.device", "node /pump\n    reg = <0 0x80000000\n");
  Write("bad.policy", "drydock policy 1\noffsets square\n");
  Write("no.policy", "offsets linear\n");
  Write("bad.prog", "drydock program 1\n\nfd0 = open(\"/dev/sample\", O_RDWR)\nm0 = mmap(fd7)\n");
  Write("truncated.prog", "drydock program 1\n\nfd0 = open(\"/dev/sam");
  Write("garbage.prog", std::string("\x00\xff\xfe\x01garbage", 11));
  Write("empty.prog", "");
  Write("huge.prog", "drydock program 1\n" + std::string(4 << 20, '#') + "\n");
  Write("other.prog", "drydock program 1\n\nfd0 = open(\"/dev/other\", O_RDWR)\n");
  Write("good.prog", "drydock program 1\n\nfd0 = open(\"/dev/sample\", O_RDWR)\n");
  const Words before = FilesIn(".");

  const CommandResult result = Drydock(GetParam().arguments);

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith(GetParam().line));
  EXPECT_THAT(FilesIn("out"), testing::IsEmpty());
  Words after = FilesIn(".");
  std::erase(after, "out");  // made before the driver is looked at
  EXPECT_EQ(after, before);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadCommandLine,
    testing::ValuesIn(std::vector<LineCase>{
        {"NoCommand", {}, {"subcommand is required", "--help"}},
        {"UnknownCommand", {"chekc"}, {"chekc", "--help"}},
        {"UnknownOption", {"check", "--fast", "sample.c"}, {"--fast", "drydock check --help"}},
        {"MissingFile", {"check", "no.c"}, {"no.c: no such file, name the driver's C file"}},
        {"Folder", {"check", "folder.c"}, {"folder.c: a folder, name the driver's C file"}},
        {"OtherSuffix", {"check", "sample.cc"}, {"sample.cc: not a C file"}},
        {"ZeroSeconds", {"check", "--seconds", "0", "sample.c"}, {"--seconds", "0.1"}},
        {"NoNumberOfSeconds", {"check", "--seconds", "ten", "sample.c"}, {"--seconds", "ten"}},
        {"SecondsNan", {"check", "--seconds", "nan", "sample.c"}, {"--seconds", "nan"}},
        {"NegativeSeed", {"check", "--seed", "-1", "sample.c"}, {"--seed", "-1"}},
        {"UnknownPlatform",
         {"check", "--platform", "vax", "sample.c"},
         {"--platform vax: no such platform", "x86-64"}},
        {"UnknownProfile",
         {"check", "--profile", "2.4", "sample.c"},
         {"--profile 2.4: no such kernel, write 6.1, 6.12 or 7.3"}},
        {"TwoParams", {"check", "--param", "x=1", "--param", "y", "sample.c"}, {"--param y"}},
        {"ParamWithoutValue", {"check", "--param", "x", "sample.c"}, {"--param x", "NAME=VALUE"}},
        {"UnknownParam", {"check", "--param", "x=1", "sample.c"}, {"sample", "parameter 'x'"}},
        {"CoreGuards", {"check", "--core-guards", "maybe", "sample.c"}, {"--core-guards", "maybe"}},
        {"MissingDeviceFile",
         {"check", "--device", "no.device", "sample.c"},
         {"no.device", "--device"}},
        {"BadDeviceFile", {"check", "--device", "bad.device", "sample.c"}, {"bad.device:2: "}},
        {"MissingPolicy",
         {"check", "--policy", "no", "sample.c"},
         {"no: cannot be read", "--policy"}},
        {"BadPolicy", {"check", "--policy", "bad.policy", "sample.c"}, {"bad.policy:2: "}},
        {"NoPolicy",
         {"check", "--policy", "no.policy", "sample.c"},
         {"no.policy:1: ", "drydock policy 1"}},
        {"OutBelowAFile",
         {"check", "--out", "sample.c/out", "sample.c"},
         {"sample.c/out: cannot be written", "name a place"}},
        {"OutInProc",
         {"check", "--out", "/proc/out", "sample.c"},
         {"/proc/out: cannot be written"}},
        {"OutWithoutName", {"check", "--out", "", "sample.c"}, {"--out"}},
        {"JsonIsAFolder",
         {"check", "--json", "folder.c", "sample.c"},
         {"folder.c: a folder, name a file"}},
        {"JsonInProc",
         {"check", "--json", "/proc/x.json", "sample.c"},
         {"/proc/x.json: cannot be"}},
        {"ReplayWithoutDriver", {"replay", "good.prog"}, {"--driver"}},
        {"ReplayOfNothing",
         {"replay", "no.prog", "--driver", "sample.c"},
         {"no.prog: No such file", "name a program file"}},
        {"ReplayOfAFolder", {"replay", "folder.c", "--driver", "sample.c"}, {"folder.c"}},
        {"ReplayWithBadLine", {"replay", "bad.prog", "--driver", "sample.c"}, {"bad.prog:4: "}},
        {"ReplayOfTruncated",
         {"replay", "truncated.prog", "--driver", "sample.c"},
         {"truncated.prog:3: "}},
        {"ReplayOfGarbage",
         {"replay", "garbage.prog", "--driver", "sample.c"},
         {"garbage.prog:1: "}},
        {"ReplayOfEmptyFile", {"replay", "empty.prog", "--driver", "sample.c"}, {"empty.prog:1: "}},
        {"ReplayOfMegabytes",
         {"replay", "huge.prog", "--driver", "sample.c"},
         {"huge.prog:1: too long", "64 KiB"}},
        {"ReplayOfAnEndlessFile",
         {"replay", "/dev/zero", "--driver", "sample.c"},
         {"/dev/zero:1: too long"}},
        {"ReplayOnAnotherDriversNode",
         {"replay", "other.prog", "--driver", "sample.c"},
         {"other.prog: the driver has no /dev/other", "/dev/sample"}},
        {"ReplayOnMissingDriver",
         {"replay", "good.prog", "--driver", "no.c"},
         {"no.c: no such file"}},
    }),
    [](const auto& info) { return info.param.name; });

// `run`, of which nothing is started.
class BadRun : public CommandTest, public testing::WithParamInterface<LineCase> {};

TEST_P(BadRun, IsOneLineAndStatusTwo) {
  Write("sample.c", DriverText({}));
  Words line = {"run"};
  line.insert(line.end(), GetParam().arguments.begin(), GetParam().arguments.end());

  const CommandResult result = Drydock(
      line, {.environment = {"DRYDOCK_LIVE_SERVER=/bin/false", "DRYDOCK_LIVE_LIBRARY=/bin/false"}});

  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, OneLineWith(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRun,
    testing::Values(
        LineCase{"WithoutDriver", {"--", "/bin/ls"}, {"--driver is missing"}},
        LineCase{"WithTwoDrivers",
                 {"--driver", "sample.c", "--driver", "sample.c", "--", "/bin/ls"},
                 {"--driver sample.c: there is sample.c already", "a machine has one driver"}},
        LineCase{"WithoutProgram", {"--driver", "sample.c"}, {"no program", "after --"}},
        LineCase{"OnAPlatformThatIsNone",
                 {"--driver", "sample.c", "--platform", "m68k", "--", "/bin/ls"},
                 {"--platform m68k: no such platform", "x86-64"}},
        LineCase{"OnAPlatformWithoutCoherence",
                 {"--driver", "sample.c", "--platform", "arm64-noncoherent", "--", "/bin/ls"},
                 {"--platform arm64-noncoherent", "use check"}},
        LineCase{"OfAProgramThatIsNot",
                 {"--driver", "sample.c", "--", "/no/such/program"},
                 {"/no/such/program"}},
        LineCase{
            "OfAScriptThatIsNoProgram", {"--driver", "sample.c", "--", "./sample.c"}, {"sample.c"}},
        LineCase{
            "OfADriverThatIsNot", {"--driver", "no.c", "--", "/bin/ls"}, {"no.c: no such file"}}),
    [](const auto& info) { return info.param.name; });

using BadSurroundings = CommandTest;

TEST_F(BadSurroundings, WithoutTheLauncherItSaysHowToStart) {
  for (const char* variable : {"DRYDOCK_ROOT", "DRYDOCK_WORKER", "DRYDOCK_FLAGS"}) {
    const CommandResult result =
        Drydock({"check"}, {.environment = {std::string(variable) + "=/nonexistent"}});

    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, OneLineWith({variable, "start ./drydock"}));
  }
}

TEST_F(BadSurroundings, ATemporaryFolderThatIsNotThereIsNamed) {
  Write("sample.c", DriverText({}));

  const CommandResult result =
      Drydock({"check", "sample.c"}, {.environment = {"TMPDIR=/nonexistent"}});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"TMPDIR=/nonexistent", "set TMPDIR"}));
}

TEST_F(BadSurroundings, WithoutClangThePackageIsNamed) {
  Write("sample.c", DriverText({}));

  const CommandResult result =
      Drydock({"check", "sample.c"}, {.environment = {"PATH=/nonexistent"}});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"install the Debian package clang-19"}));
}

TEST_F(BadSurroundings, AStubInAHandlerIsALimitAndNamed) {
  Write("sample.c", DriverText({.mmap = "if (vma_pages(vma) == 3) clk_enable(NULL);"}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json);

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"sample.c", "clk_enable", "docs/add-a-kernel-function.md"}));
  EXPECT_THAT(ClassesIn(json.at("drivers").at(0).at("limits")),
              testing::ElementsAre("U01 in sample_mmap"));
}

TEST_F(BadSurroundings, AWordAfterParamAndPlatformIsAFile) {
  Write("sample.c", DriverText({.top = "static int x;\nmodule_param(x, int, 0);"}));
  nlohmann::json json;

  const CommandResult result = Drydock({"check", "--json", "result.json", "--seconds", "0.5",
                                        "--param", "x=1", "--platform", "offset-dma", "sample.c"});

  EXPECT_EQ(result.status, 0) << result.err;
  json = nlohmann::json::parse(Read("result.json"));
  EXPECT_EQ(json.at("drivers").at(0).at("file"), "sample.c");
  EXPECT_EQ(json.at("drivers").at(0).at("platforms"), nlohmann::json({"offset-dma"}));
}

TEST_F(BadSurroundings, OneBadDriverDoesNotKeepTheOthersFromBeingChecked) {
  Write("sample.c", WithoutOffsetCheck({}));
  Write("bad.c", "letter\n");
  nlohmann::json json;

  const CommandResult result = Check({"bad.c", "sample.c"}, &json);

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, OneLineWith({"bad.c:1: "}));
  EXPECT_THAT(ClassesIn(json.at("drivers").at(1).at("findings")),
              testing::Contains("C02 in sample_mmap"));
}

}  // namespace
}  // namespace drydock::command
