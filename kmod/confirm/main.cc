// What `./drydock check --confirm` starts, once to see that everything is there (--ready), and once
// for each driver that has findings. Claims come as a JSON file, judgements go out as one.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "kmod/confirm/confirm.h"
#include "kmod/conform/launch.h"
#include "tools/command/command_main.h"
#include "tools/command/subprocess.h"

namespace {

using drydock::kmod::Claim;
using drydock::kmod::ConfirmOptions;
using drydock::kmod::Judgement;
using Json = nlohmann::json;

int CannotRun(const std::string& why) {
  std::fprintf(stderr, "drydock: %s\n", why.c_str());
  return 2;
}

bool IsProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0;
  const char* const folders = std::getenv("PATH");
  const std::string path = folders == nullptr ? "" : folders;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    if (access((path.substr(at, end - at) + "/" + name).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

// "" or what is wrong with the file.
std::string ReadClaims(const std::string& path, std::vector<Claim>* claims) {
  std::ifstream file(path);
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_array()) return path + ": no claims in it";
  for (const Json& one : json) {
    claims->push_back({.class_id = one.value("class", ""),
                       .program = one.value("program", ""),
                       .step = one.value("step", size_t{0}),
                       .on_x86 = one.value("on_x86", true),
                       .seen = one.value("seen", "")});
  }
  return {};
}

bool WriteJudgements(const std::string& path, const std::vector<Judgement>& judgements) {
  Json json = Json::array();
  for (const Judgement& one : judgements) {
    json.push_back({{"verdict", VerdictName(one.verdict)}, {"shown", one.shown}});
  }
  std::ofstream file(path);
  file << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  file.close();
  return !file.fail();
}

int Run(int argc, char** argv) {
  CLI::App app{"Runs findings of a driver on a real kernel."};
  std::string kernel, claims_file, judgements_file;
  bool ready = false;
  ConfirmOptions options;
  std::vector<std::string> params;
  app.add_option("--kernel", kernel)->required();
  app.add_flag("--ready", ready, "Only see that everything is there");
  app.add_option("--driver", options.driver);
  app.add_option("--param", params)->expected(1)->take_all();
  app.add_option("--device", options.device);
  app.add_option("--claims", claims_file);
  app.add_option("--judgements", judgements_file);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return CannotRun(wrong.what());
  }
  drydock::kmod::Launch launch;
  std::string wrong = ReadLaunch(&launch);
  if (!wrong.empty()) return CannotRun(wrong);
  options.installation = launch.installation;
  options.guest = launch.guest;
  options.kernel = drydock::kmod::FindKernel(launch.kernels_folder, kernel, &wrong);
  if (wrong.empty() && !IsProgram(options.guest.qemu)) {
    wrong = options.guest.qemu + ": no such program, install qemu-system-x86";
  }
  if (!wrong.empty()) return CannotRun(wrong);
  if (ready) return 0;

  for (const std::string& param : params) {
    const size_t equals = std::min(param.find('='), param.size());
    options.parameters.emplace_back(param.substr(0, equals),
                                    equals < param.size() ? param.substr(equals + 1) : "");
  }
  std::vector<Claim> claims;
  wrong = ReadClaims(claims_file, &claims);
  if (!wrong.empty()) return CannotRun(wrong);
  const char* parent = std::getenv("TMPDIR");
  std::string folder = std::string(parent != nullptr ? parent : "/tmp") + "/drydock-confirm.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return CannotRun("no temporary folder can be made; set TMPDIR");
  }
  options.guest.folder = folder;
  drydock::command::CatchInterrupts();
  const std::vector<Judgement> judgements = Confirm(options, claims, &wrong);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (!wrong.empty()) return CannotRun(wrong);
  if (!WriteJudgements(judgements_file, judgements)) {
    return CannotRun(judgements_file + ": cannot be written, see to the space there");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return drydock::command::CommandMain(Run, argc, argv); }
