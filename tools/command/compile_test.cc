#include "tools/command/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <ostream>

namespace drydock::command {
namespace {

struct LogCase {
  const char* name;
  const char* log;
  const char* line;
  int status = 1;
};

void PrintTo(const LogCase& c, std::ostream* out) { *out << c.name; }

class CompileLog : public testing::TestWithParam<LogCase> {};

TEST_P(CompileLog, ComesToOneLine) {
  EXPECT_EQ(ExplainCompileLog(GetParam().log, GetParam().status, "pump.c", "out/pump.log"),
            GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CompileLog,
    testing::ValuesIn(std::vector<LogCase>{
        {"missing_header",
         "pump.c:3:10: fatal error: 'linux/nvme.h' file not found\n1 error generated.\n",
         "pump.c:3: no header <linux/nvme.h>: Drydock does not have it, see "
         "docs/add-a-kernel-function.md"},
        {"header_that_drydock_lacks",
         "In file included from a/pump.c:5:\nmocks/include/linux/nvme.h:3:10: fatal error: "
         "'drydock/lacking/linux/nvme.h' file not found\n",
         "a/pump.c:5: no header <linux/nvme.h>: Drydock does not have it, see "
         "docs/add-a-kernel-function.md"},
        {"undeclared_function",
         "warning: x\na/pump.c:40:2: error: call to undeclared function 'dma_buf_get'; ISO C99 and "
         "later do not support implicit function declarations [-Wimplicit-function-declaration]\n",
         "a/pump.c:40: dma_buf_get() is not declared: a header is not included, or Drydock does "
         "not "
         "have the function, see docs/add-a-kernel-function.md"},
        {"undeclared_name", "pump.c:7:9: error: use of undeclared identifier 'VM_FOO'\n",
         "pump.c:7: 'VM_FOO' is not declared: a header is not included, or Drydock does not have "
         "it, "
         "see out/pump.log"},
        {"syntax", "pump.c:9:1: error: expected ';' after expression\n",
         "pump.c:9: expected ';' after expression, see out/pump.log"},
        {"no_compiler", "", "pump.c: clang-19 cannot be run, install the Debian package clang-19",
         127},
        {"full_disk",
         "/usr/bin/ld: final link failed: No space left on device\nclang-19: error: linker command "
         "failed with exit code 1 (use -v to see invocation)\n",
         "pump.c: cannot be compiled (No space left on device), make room for temporary files or "
         "set "
         "TMPDIR to another disk"},
        {"linker",
         "/usr/bin/ld: a.o: relocation R_X86_64_32 against `.text'\nclang-19: error: linker "
         "command "
         "failed with exit code 1 (use -v to see invocation)\n",
         "pump.c: does not link: a.o: relocation R_X86_64_32 against `.text', see out/pump.log"},
        {"linker_without_a_word",
         "clang-19: error: linker command failed with exit code 1 (use -v to see invocation)\n",
         "pump.c: does not link, and the linker does not say why, see whether there is room for "
         "temporary files"},
        {"no_word", "",
         "pump.c: does not compile, and clang-19 does not say why, see whether there is room for "
         "temporary files"},
        {"killed", "",
         "pump.c: clang-19 was ended by signal 9, see whether it takes too long or too much memory",
         137},
        {"unknown", "clang-19: something else\n", "pump.c: does not compile, see out/pump.log"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CompileLogOfAKernel, ANameOfAnotherKernelIsToldFromOneThatIsUnknown) {
  const KernelSymbols symbols("zap_vma_ptes\tmodelled\tlinux/mm.h\tzap_vma_ptes\t-\t6.1 6.12\n");
  const std::string log =
      "pump.c:4:2: error: call to undeclared function 'zap_vma_ptes'; ISO C99 and later\n";

  EXPECT_EQ(ExplainCompileLog(log, 1, "pump.c", "out/pump.log", symbols, 703),
            "pump.c:4: zap_vma_ptes is not in kernel 7.3, but in 6.1 and 6.12: do what 7.3 has, or "
            "choose another --profile");
  EXPECT_THAT(ExplainCompileLog(log, 1, "pump.c", "out/pump.log", symbols, 612),
              testing::HasSubstr("is not declared"));
}

TEST(WhyNotC, NamesWhatAFileIsInstead) {
  const std::string folder = testing::TempDir() + "/why_not_c";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder + "/" + name, std::ios::binary) << text;
    return folder + "/" + name;
  };

  EXPECT_THAT(WhyNotC(folder + "/no.c"), testing::HasSubstr("no such file"));
  EXPECT_THAT(WhyNotC(folder), testing::HasSubstr("a folder"));
  EXPECT_THAT(WhyNotC(write("a.cc", "int x;")), testing::HasSubstr("not a C file"));
  EXPECT_THAT(WhyNotC(write("b.c", std::string("\x7f"
                                               "ELF\0\0",
                                               6))),
              testing::HasSubstr("not C source"));
  EXPECT_THAT(WhyNotC(write("c.c", "")), testing::HasSubstr("empty"));
  EXPECT_EQ(WhyNotC(write("d.c", "int x;\n")), "");
}

TEST(Kbuild, ModulesAndTheirParts) {
  EXPECT_THAT(ParseKbuild("# comment\n"
                          "obj-m += pump.o tiny.o\n"
                          "obj-$(CONFIG_VALVE) += my-valve.o\n"
                          "pump-y := pump_main.o \\\n   pump_plan.o # two\n"
                          "pump-objs += pump_extra.o\n"
                          "ccflags-y := -DDEBUG\n"
                          "\tobj-m += recipe.o\n"),
              testing::ElementsAre(Module{"pump", {"pump_main.c", "pump_plan.c", "pump_extra.c"}},
                                   Module{"tiny", {"tiny.c"}}, Module{"my_valve", {"my-valve.c"}}));
  EXPECT_THAT(ParseKbuild(""), testing::IsEmpty());
}

TEST(Kbuild, AFileBringsItsModulesOtherParts) {
  const std::string folder = testing::TempDir() + "/kbuild";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/Kbuild")
      << "obj-m := pump.o far.o\npump-y := a.o b.o\nfar-y := c.o no.o\n";
  for (const char* name : {"/a.c", "/b.c", "/c.c"}) std::ofstream(folder + name) << "int x;\n";

  EXPECT_EQ(ModuleOf(folder + "/b.c"), (Module{"pump", {folder + "/a.c", folder + "/b.c"}}));
  EXPECT_EQ(ModuleOf(folder + "/c.c"), (Module{"c", {folder + "/c.c"}}))
      << "its list names a file that is not here";
  EXPECT_EQ(ModuleOf("/nowhere/my-driver.c"), (Module{"my_driver", {"/nowhere/my-driver.c"}}));
}

}  // namespace
}  // namespace drydock::command
