// The command as a user starts it, for tests: its worker, flags and headers are those built here.
// What it writes lands in a folder of the test's own.
#ifndef DRYDOCK_TOOLS_COMMAND_COMMAND_RUN_H_
#define DRYDOCK_TOOLS_COMMAND_COMMAND_RUN_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drydock::command {

struct CommandResult {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

struct CommandOptions {
  std::vector<std::string> environment = {};  // NAME=VALUE, put in place of ours
  long largest_file_bytes = 0;                // RLIMIT_FSIZE; 0: none
  std::string output = {};                    // standard output goes there instead
  // Once this says yes, the signal is sent.
  std::function<bool()> signal_when = {};
  int signal = 0;
};

// A C driver of sixteen pages, right in every respect, apart from what the parts make of it.
struct DriverParts {
  std::string top = {};    // before the functions
  std::string mmap = {};   // at the beginning of the mmap handler
  std::string init = {};   // at the beginning of init
  std::string hooks = {};  // in its file_operations, in place of the mmap hook
  std::string module_init = "module_init(sample_init);";
  std::string check =
      "if (vma->vm_pgoff >= PAGES || vma_pages(vma) > PAGES - vma->vm_pgoff)\n"
      "return -EINVAL;";
};
std::string DriverText(const DriverParts& parts);
// The same without a check of the offset: class C02, and others that come of it.
std::string WithoutOffsetCheck(DriverParts parts);

class CommandTest : public testing::Test {
 protected:
  void SetUp() override;
  // No command leaves temporary files behind, nor a file that is half written.
  void TearDown() override;

  // Files of the test; names are relative to its folder, in which the command runs.
  const std::string& folder() const { return folder_; }
  void Write(const std::string& name, const std::string& text) const;
  std::string Read(const std::string& name) const;
  bool Exists(const std::string& name) const;
  std::vector<std::string> FilesIn(const std::string& name) const;  // sorted names
  std::string TemporaryFolder() const { return folder_ + ".tmp"; }

  CommandResult Drydock(const std::vector<std::string>& arguments,
                        const CommandOptions& options = {}) const;
  // `check` for half a second on one platform, whose JSON is read.
  CommandResult Check(const std::vector<std::string>& arguments, nlohmann::json* json,
                      const CommandOptions& options = {}) const;

 private:
  std::string folder_;
};

// "drydock: " and one line that has all of the pieces.
testing::Matcher<std::string> OneLineWith(const std::vector<std::string>& pieces);

// The classes in a list of JSON findings, sorted; with their functions: "C02 in sample_mmap".
std::vector<std::string> ClassesIn(const nlohmann::json& findings);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_COMMAND_RUN_H_
