// Whatever a driver does when it is called: a finding of the right class, exit status 1, and the
// run goes on. Each driver here has one more mistake (mmap returns a positive number, C35), which
// is found in the same run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tools/command/command_run.h"

namespace drydock::command {
namespace {

struct DeathCase {
  const char* name;
  DriverParts parts;
  const char* finding;
  const char* seen;  // a piece of it
  const char* seconds = "0.5";
};

void PrintTo(const DeathCase& c, std::ostream* out) { *out << c.name; }

class DriverDeath : public CommandTest, public testing::WithParamInterface<DeathCase> {};

TEST_P(DriverDeath, IsAFindingAndTheRunGoesOn) {
  DriverParts parts = GetParam().parts;
  parts.mmap += "\nif (vma->vm_pgoff == 1) return 7;";
  Write("sample.c", DriverText(parts));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c", "--seconds", GetParam().seconds}, &json);

  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "");
  const nlohmann::json findings = json.at("drivers").at(0).at("findings");
  const std::vector<std::string> classes = ClassesIn(findings);
  EXPECT_EQ(std::set<std::string>(classes.begin(), classes.end()),
            (std::set<std::string>{GetParam().finding, "C35 in sample_mmap"}));
  for (const nlohmann::json& finding : findings) {
    EXPECT_TRUE(Exists(finding.at("program_file")));
    EXPECT_TRUE(Exists(finding.at("c_file")));
    EXPECT_THAT(result.out, testing::HasSubstr(finding.at("seen").get<std::string>()));
    if (finding.at("class").get<std::string>() + " in sample_mmap" != GetParam().finding) continue;
    EXPECT_THAT(finding.at("seen").get<std::string>(), testing::HasSubstr(GetParam().seen));
  }
}

// Two pages are what the mistakes below wait for.
std::string OnTwoPages(const std::string& what) { return "if (vma_pages(vma) == 2) " + what; }

INSTANTIATE_TEST_SUITE_P(
    Table, DriverDeath,
    testing::ValuesIn(std::vector<DeathCase>{
        {"NullPointer",
         {.mmap = OnTwoPages("*(volatile int *)16 = 1;")},
         "X02 in sample_mmap",
         "segmentation fault at address 0x10"},
        {"WildJump",
         {.mmap = OnTwoPages("asm volatile(\"call *%0\" : : \"r\"(0x123450UL) : \"memory\");")},
         "X02 in sample_mmap",
         "segmentation fault at address 0x123450"},
        // (The sanitizer looks at what stands before the function.)
        {"WildCall",
         {.top = "static void (*volatile hook)(void) = (void *)0x123450;",
          .mmap = OnTwoPages("hook();")},
         "X02 in sample_mmap",
         "segmentation fault at address 0x12344"},
        {"Bug", {.mmap = OnTwoPages("BUG();")}, "X01 in sample_mmap", "BUG"},
        {"InvalidInstruction",
         {.mmap = OnTwoPages("asm volatile(\"ud2\");")},
         "X02 in sample_mmap",
         "invalid instruction"},
        {"EndlessRecursion",
         {.top = "static noinline int deep(volatile char *above)\n{\n"
                 "volatile char here[512];\nhere[0] = above[0];\n"
                 "return deep(here) + here[0] + above[0];\n}",
          .mmap = OnTwoPages("return deep((char *)vma);")},
         "X02 in deep",
         "stack overflowed"},
        {"HeapOverflow",
         {.top = "#include <linux/slab.h>",
          .mmap = OnTwoPages("{ volatile char *note = kmalloc(13, GFP_KERNEL); if (note) "
                             "note[13] = 1; kfree((void *)note); }")},
         "X06 in sample_mmap",
         "AddressSanitizer"},
        {"UndefinedShift",
         {.top = "static volatile int level = 40;",
          .mmap = OnTwoPages("return 1 << level ? -EIO : -EINVAL;")},
         "X06 in sample_mmap",
         "UndefinedBehaviorSanitizer"},
        {"PositiveNumber",
         {.mmap = OnTwoPages("return 7;")},
         "C35 in sample_mmap",
         "mmap returned 7"},
        {"DeadLock",
         {.top = "#include <linux/mutex.h>\nstatic DEFINE_MUTEX(lock);",
          .mmap = OnTwoPages("{ mutex_lock(&lock); mutex_lock(&lock); }")},
         "C52 in sample_mmap",
         "lock"},
        {"Loop",
         {.mmap = OnTwoPages("for (;;) READ_ONCE(buffer);")},
         "X05 in sample_mmap",
         "still running after 1000 ms",
         "3"},
        // Nothing in the worker sees this one: it is gone.
        {"EndsTheWorker",
         {.mmap = OnTwoPages(
              "if (vma->vm_pgoff) asm volatile(\"syscall\" : : \"a\"(231), \"D\"(3) : \"rcx\", "
              "\"r11\", \"memory\");")},
         "X06 in ",
         "status 3",
         "3"},
    }),
    [](const auto& info) { return info.param.name; });

using DriverDeaths = CommandTest;

TEST_F(DriverDeaths, AHandlerThatAlwaysLoopsIsFound) {
  Write("sample.c", DriverText({.mmap = "for (;;) READ_ONCE(buffer);"}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json);

  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_THAT(ClassesIn(json.at("drivers").at(0).at("findings")),
              testing::ElementsAre("X05 in sample_mmap"));
}

TEST_F(DriverDeaths, AHandlerThatAlwaysCrashesIsFoundInOpenAsInMmap) {
  Write("sample.c",
        DriverText({.top = "static int sample_open(struct inode *inode, struct file *file)\n"
                           "{\n\treturn *(volatile int *)24;\n}",
                    .hooks = ".open = sample_open, .mmap = sample_mmap,"}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json);

  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_THAT(ClassesIn(json.at("drivers").at(0).at("findings")),
              testing::ElementsAre("X02 in sample_open"));
}

TEST_F(DriverDeaths, AllMistakesOfADriverAreFoundInOneRun) {
  Write("sample.c",
        WithoutOffsetCheck({.top = "static void (*volatile hook)(void) = (void *)0x123450;",
                            .mmap = "switch (vma_pages(vma)) {\n"
                                    "case 2: *(volatile int *)16 = 1; break;\n"
                                    "case 3: BUG();\n"
                                    "case 4: return 7;\n"
                                    "case 5: asm volatile(\"ud2\");\n"
                                    "}"}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c", "--seconds", "2"}, &json);

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(ClassesIn(json.at("drivers").at(0).at("findings")),
              testing::IsSupersetOf({"C02 in sample_mmap", "C35 in sample_mmap",
                                     "X01 in sample_mmap", "X02 in sample_mmap"}));
}

}  // namespace
}  // namespace drydock::command
