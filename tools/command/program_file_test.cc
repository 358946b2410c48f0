#include "tools/command/program_file.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ProgramFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const std::string file = folder_ + "/" + name;
    std::ofstream(file, std::ios::binary) << text;
    chmod(file.c_str(), mode);
    return file;
  }
  // An ELF file with at most one segment: the name of its loader.
  static std::string Elf(const std::string& loader, unsigned char bits = ELFCLASS64,
                         uint16_t machine = EM_X86_64) {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = bits;
    header.e_machine = machine;
    header.e_phoff = sizeof header;
    header.e_phnum = loader.empty() ? 0 : 1;
    Elf64_Phdr segment = {};
    segment.p_type = PT_INTERP;
    segment.p_offset = sizeof header + sizeof segment;
    segment.p_filesz = loader.size() + 1;
    std::string file(reinterpret_cast<const char*>(&header), sizeof header);
    file.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    return file + loader + std::string(200, '\0');
  }

  static constexpr char kLoader[] = "/lib64/ld-linux-x86-64.so.2";
  const std::string folder_ = testing::TempDir() + "/program_file";
};

TEST_F(ProgramFile, DynamicallyLinkedProgramsAndTheirScriptsMayRun) {
  EXPECT_EQ(WhyNotLive(Write("program", Elf(kLoader))), "");
  EXPECT_EQ(WhyNotLive(Write("script", "#!" + folder_ + "/program -x\n")), "");
  EXPECT_EQ(WhyNotLive("/bin/sh"), "");
  EXPECT_EQ(WhyNotLive("/proc/self/exe"), "");
}

TEST_F(ProgramFile, RefusesWhatCannotBeIntercepted) {
  EXPECT_THAT(WhyNotLive(Write("static", Elf(""))), HasSubstr("statically linked"));
  EXPECT_THAT(WhyNotLive(Write("musl", Elf("/lib/ld-musl-x86_64.so.1"))),
              HasSubstr("uses /lib/ld-musl-x86_64.so.1, live mode needs glibc"));
  EXPECT_THAT(WhyNotLive(Write("short", Elf(kLoader, ELFCLASS32))), HasSubstr("32-bit"));
  EXPECT_THAT(WhyNotLive(Write("arm", Elf(kLoader, ELFCLASS64, EM_AARCH64))),
              HasSubstr("another machine"));
  EXPECT_THAT(WhyNotLive(Write("setuid", Elf(kLoader), 04755)), HasSubstr("set-uid"));
  EXPECT_THAT(WhyNotLive(Write("setgid", Elf(kLoader), 02755)), HasSubstr("set-uid or set-gid"));
  Write("static", Elf(""));
  EXPECT_THAT(WhyNotLive(Write("script", "#!" + folder_ + "/static\n")),
              HasSubstr("statically linked"));
}

TEST_F(ProgramFile, RefusesWhatIsNoProgram) {
  EXPECT_THAT(WhyNotLive(folder_ + "/nothing"), HasSubstr("cannot be read"));
  EXPECT_THAT(WhyNotLive(Write("empty", "")), HasSubstr("neither a program nor a script"));
  EXPECT_THAT(WhyNotLive(Write("text", "echo hello\n")),
              HasSubstr("neither a program nor a script"));
  EXPECT_THAT(WhyNotLive(Write("cut", Elf(kLoader).substr(0, 40))), HasSubstr("cut off"));
  const std::string loop = folder_ + "/loop";
  EXPECT_THAT(WhyNotLive(Write("loop", "#!" + loop + "\n")), HasSubstr("scripts without end"));
}

TEST_F(ProgramFile, IsFoundAsAShellFindsIt) {
  const std::string program = Write("program", Elf(kLoader));
  Write("data", "x", 0644);
  std::string error;
  EXPECT_EQ(FindProgram("program", "/nowhere:" + folder_, &error), program);
  EXPECT_EQ(FindProgram(program, "", &error), program);
  EXPECT_EQ(error, "");
  EXPECT_EQ(FindProgram("data", folder_, &error), "");
  EXPECT_THAT(error, HasSubstr("no such program in PATH"));
  EXPECT_EQ(FindProgram(folder_ + "/data", "", &error), "");
  EXPECT_THAT(error, HasSubstr("cannot be executed"));
  EXPECT_EQ(FindProgram("./nothing", "", &error), "");
  EXPECT_THAT(error, HasSubstr("no such file"));
}

}  // namespace
}  // namespace drydock::command
