#include "tools/command/command_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

constexpr double kPatienceSeconds = 100;

double Now() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What ./drydock sets, and nothing that a configuration of Bazel means for its tests.
std::vector<std::string> Environment(const std::string& temporary,
                                     const std::vector<std::string>& more) {
  const std::string root = fs::current_path();
  std::vector<std::string> all = more;
  const auto add = [&](const std::string& name, const std::string& value) {
    const bool given = std::any_of(more.begin(), more.end(), [&](const std::string& one) {
      return one.starts_with(name + "=");
    });
    if (!given) all.push_back(name + "=" + value);
  };
  add("PATH", "/usr/bin:/bin");
  if (const char* coverage = std::getenv("LLVM_PROFILE_FILE"); coverage != nullptr) {
    add("LLVM_PROFILE_FILE", coverage);
  }
  add("TMPDIR", temporary);
  add("DRYDOCK_ROOT", root);
  add("DRYDOCK_WORKER", root + "/fuzz/worker");
  add("DRYDOCK_FLAGS", root + "/bazel/driver_flags.txt");
  return all;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void Redirect(int number, const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || dup2(file, number) < 0) _exit(126);
}

void LimitFileSize(long bytes) {
  const rlimit limit = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  if (bytes != 0 && setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
}

int WaitFor(pid_t child, const CommandOptions& options) {
  const double end = Now() + kPatienceSeconds;
  bool sent = options.signal == 0;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (!sent && options.signal_when()) {
      kill(child, options.signal);
      sent = true;
    }
    if (Now() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      ADD_FAILURE() << "the command did not come to its end";
    }
    const timespec nap = {0, 5'000'000};
    nanosleep(&nap, nullptr);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string DriverText(const DriverParts& parts) {
  const std::string hooks = parts.hooks.empty() ? ".mmap = sample_mmap," : parts.hooks;
  return R"(// SPDX-License-Identifier: GPL-2.0
#include <linux/clk.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define PAGES 16UL

static void *buffer;
)" + parts.top +
         R"(
static int __maybe_unused sample_mmap(struct file *file, struct vm_area_struct *vma)
{
)" + parts.mmap +
         "\n" + parts.check + R"(
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start,
			       (virt_to_phys(buffer) >> PAGE_SHIFT) + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static const struct file_operations sample_fops = {
	.owner = THIS_MODULE,
	)" +
         hooks +
         R"(
};

static struct miscdevice sample_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sample",
	.fops = &sample_fops,
};

static int __init __maybe_unused sample_init(void)
{
)" + parts.init +
         R"(
	buffer = alloc_pages_exact(PAGES * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!buffer)
		return -ENOMEM;
	if (misc_register(&sample_misc)) {
		free_pages_exact(buffer, PAGES * PAGE_SIZE);
		return -ENOMEM;
	}
	return 0;
}
)" + parts.module_init +
         "\nMODULE_LICENSE(\"GPL\");\n";
}

std::string WithoutOffsetCheck(DriverParts parts) {
  parts.check = "if (vma_pages(vma) > PAGES)\nreturn -EINVAL;";
  return DriverText(parts);
}

void CommandTest::SetUp() {
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  std::replace(name.begin(), name.end(), '/', '_');
  folder_ = testing::TempDir() + "/" + name;
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  fs::create_directories(TemporaryFolder());
}

void CommandTest::TearDown() {
  EXPECT_THAT(FilesIn("../" + fs::path(TemporaryFolder()).filename().string()), testing::IsEmpty());
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().string().find(".part."), std::string::npos) << entry.path();
  }
}

void CommandTest::Write(const std::string& name, const std::string& text) const {
  fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
  std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
}

std::string CommandTest::Read(const std::string& name) const {
  return ReadFile(folder_ + "/" + name);
}

bool CommandTest::Exists(const std::string& name) const { return fs::exists(folder_ + "/" + name); }

std::vector<std::string> CommandTest::FilesIn(const std::string& name) const {
  std::vector<std::string> names;
  std::error_code not_there;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ + "/" + name, not_there)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

CommandResult CommandTest::Drydock(const std::vector<std::string>& arguments,
                                   const CommandOptions& options) const {
  const std::string command = fs::current_path().string() + "/tools/command/drydock";
  const std::vector<std::string> environment = Environment(TemporaryFolder(), options.environment);
  std::vector<std::string> words = {command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = Pointers(words), envp = Pointers(environment);
  const std::string out = folder_ + ".out", err = folder_ + ".err";
  const std::string chosen = options.output.empty() ? out : options.output;
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    Redirect(1, chosen);
    Redirect(2, err);
    if (chdir(folder_.c_str()) != 0) _exit(126);
    LimitFileSize(options.largest_file_bytes);
    execve(command.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  CommandResult result;
  result.status = WaitFor(child, options);
  if (options.output.empty()) result.out = ReadFile(out);
  result.err = ReadFile(err);
  return result;
}

CommandResult CommandTest::Check(const std::vector<std::string>& arguments, nlohmann::json* json,
                                 const CommandOptions& options) const {
  std::vector<std::string> words = {"check", "--platform", "x86-64", "--json", "result.json"};
  if (std::find(arguments.begin(), arguments.end(), "--seconds") == arguments.end()) {
    words.insert(words.end(), {"--seconds", "0.5"});
  }
  words.insert(words.end(), arguments.begin(), arguments.end());
  const CommandResult result = Drydock(words, options);
  *json = nlohmann::json::parse(Read("result.json"), nullptr, false);
  EXPECT_TRUE(json->is_object()) << Read("result.json") << result.err;
  return result;
}

testing::Matcher<std::string> OneLineWith(const std::vector<std::string>& pieces) {
  std::vector<testing::Matcher<std::string>> all = {
      testing::StartsWith("drydock: "), testing::EndsWith("\n"),
      testing::ResultOf(
          [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); },
          testing::Eq(1))};
  for (const std::string& piece : pieces) all.emplace_back(testing::HasSubstr(piece));
  return testing::AllOfArray(all);
}

std::vector<std::string> ClassesIn(const nlohmann::json& findings) {
  std::vector<std::string> classes;
  for (const nlohmann::json& finding : findings) {
    classes.push_back(finding.value("class", "") + " in " + finding.value("function", ""));
  }
  std::sort(classes.begin(), classes.end());
  return classes;
}

}  // namespace drydock::command
