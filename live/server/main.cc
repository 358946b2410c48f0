// The server of `drydock run`: loads a driver into a simulated machine and serves programs until
// the command closes --stop and the last of them is gone.
//
//   server --driver=SO [--device=FILE] [--policy=FILE] [--param=N=V]... [--platform=P]
//          [--screen=PICTURE] [--fault=DEVICE,FAULT[,COUNT]]...
//          --session=FOLDER --report=FD --stop=FD
//
// Exit status: 0 clean, 1 findings, 2 could not run or something is not modelled.
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/elf_image.h"
#include "fuzz/policy.h"
#include "fuzz/sanitizer_reports.h"
#include "fuzz/worker_options.h"
#include "live/server/machine.h"
#include "live/server/reports.h"
#include "live/server/server.h"
#include "sim/devices/picture.h"
#include "sim/world.h"

namespace drydock::live {
namespace {

constexpr int kFindings = 1, kCouldNotRun = 2;

struct ServerOptions {
  std::string session;
  int report = 2;
  int stop = -1;
  std::string screen;  // where to write what the framebuffer shows
  std::vector<std::string> faults;
};

// False for an argument that is none of ours.
bool Take(std::string_view argument, ServerOptions* options) {
  const auto value = [&](std::string_view name, std::string_view* rest) {
    if (!argument.starts_with(name)) return false;
    *rest = argument.substr(name.size());
    return true;
  };
  const auto number = [](std::string_view text, int* out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
    return error == std::errc() && end == text.data() + text.size();
  };
  std::string_view rest;
  if (value("--session=", &rest)) {
    options->session = rest;
    return true;
  }
  if (value("--screen=", &rest)) {
    options->screen = rest;
    return true;
  }
  if (value("--fault=", &rest)) {
    options->faults.emplace_back(rest);
    return true;
  }
  if (value("--report=", &rest)) return number(rest, &options->report);
  if (value("--stop=", &rest)) return number(rest, &options->stop);
  return false;
}

// "DEVICE,FAULT" or "DEVICE,FAULT,COUNT". "" or one line.
std::string Inject(World& world, const std::string& text) {
  const size_t comma = text.find(',');
  const size_t second = comma == text.npos ? text.npos : text.find(',', comma + 1);
  const std::string device = text.substr(0, comma);
  uint32_t count = 1;
  bool good = comma != text.npos;
  if (good && second != text.npos) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + second + 1, end, count);
    good = error == std::errc() && stop == end && count != 0;
  }
  if (!good) return "--fault " + text + ": write DEVICE,FAULT or DEVICE,FAULT,COUNT";
  const std::string fault = text.substr(comma + 1, second - comma - 1);
  if (world.InjectFault(device.c_str(), fault, count)) return "";
  return "--fault " + text + ": there is no simulated device " + device +
         " that knows this fault; there are lost-interrupt, bus-error and short-transfer";
}

// What the framebuffer shows, into a file whose name ends in .png or .ppm. "" or one line.
std::string WriteScreen(World& world, const std::string& path) {
  devices::Picture picture;
  const std::string wrong = world.ScanOut(nullptr, &picture);
  if (!wrong.empty()) return "--screen " + path + ": " + wrong;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << (path.ends_with(".ppm") ? devices::AsPpm(picture) : devices::AsPng(picture));
  file.close();
  return file.good() ? "" : "--screen " + path + ": cannot be written";
}

int Run(const fuzz::WorkerOptions& options, const ServerOptions& server_options) {
  fuzz::ElfImage image = fuzz::ReadElfImage(options.driver);
  Reports reports(server_options.report, image);
  const auto cannot = [&](const std::string& why) {
    reports.Error(why);
    return kCouldNotRun;
  };
  if (!options.error.empty()) return cannot(options.error);
  if (!image.error.empty()) return cannot(image.error);
  fuzz::Policy policy;
  const std::string wrong_policy = fuzz::ReadPolicy(options.policy_file, &policy);
  if (!wrong_policy.empty()) return cannot(wrong_policy);
  std::unique_ptr<World> world;
  try {
    WorldOptions room = options.world;
    room.capacity = Machine::Room();
    world = std::make_unique<World>(room);
  } catch (const std::runtime_error& wrong) {
    return cannot(wrong.what());
  }
  std::atomic<uint64_t> fault_pc{0};
  fuzz::CatchSanitizerReports(&world->kernel(), &fault_pc);
  const std::string wrong = world->LoadDriver(options.driver, options.params);
  if (!wrong.empty()) return cannot(wrong);
  for (const std::string& fault : server_options.faults) {
    if (const std::string why = Inject(*world, fault); !why.empty()) return cannot(why);
  }
  if (!server_options.screen.empty() && !server_options.screen.ends_with(".png") &&
      !server_options.screen.ends_with(".ppm")) {
    return cannot("--screen " + server_options.screen + ": name a file that ends in .png or .ppm");
  }
  int status = 0;
  {
    Machine machine(*world, policy, reports);
    Server server(machine, *world, server_options.session);
    if (!server.error().empty()) return cannot(server.error());
    reports.Ready(server.nodes());
    server.Run(server_options.stop);
    if (!server_options.screen.empty()) {
      const std::string why = WriteScreen(*world, server_options.screen);
      if (!why.empty()) {
        reports.Note(why);
        status = kCouldNotRun;
      }
    }
    reports.Left(machine.Unload());
    if (machine.findings() != 0 && status == 0) status = kFindings;
    if (machine.reached_limit()) status = kCouldNotRun;
  }
  fuzz::CatchSanitizerReports(nullptr, nullptr);
  return status;
}

}  // namespace
}  // namespace drydock::live

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  drydock::fuzz::WorkerOptions options = drydock::fuzz::TakeWorkerOptions(&argc, argv);
  options.world.raw_io = true;  // as root has it
  drydock::live::ServerOptions server_options;
  for (int i = 1; i < argc; ++i) {
    if (drydock::live::Take(argv[i], &server_options)) continue;
    std::fprintf(stderr, "drydock: %s: no such option of the server\n", argv[i]);
    return drydock::live::kCouldNotRun;
  }
  // The driver's image stays loaded until the process ends: _Exit, as its worker does.
  const int status = drydock::live::Run(options, server_options);
  std::fflush(nullptr);
  std::_Exit(status);
}

// As in fuzz/mmap_target.cc: reports are violations, and the run goes on.
extern "C" const char* __asan_default_options() {
  return "halt_on_error=0:detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
         "handle_sigill=0:suppress_equal_pcs=0:symbolize=0:detect_stack_use_after_return=0:"
         "print_legend=0:print_full_thread_history=0:allocator_may_return_null=1";
}
