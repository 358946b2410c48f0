#include "kmod/cover/coverage.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "kmod/conform/program_set.h"
#include "kmod/conform/sim_side.h"
#include "kmod/cover/points.h"
#include "tools/command/kbuild.h"
#include "tools/command/subprocess.h"

// What the driver's code calls wherever it goes. The places are looked up afterwards.
namespace {
std::set<uintptr_t>& Told() {
  static auto* told = new std::set<uintptr_t>;
  return *told;
}
}  // namespace
extern "C" void __sanitizer_cov_trace_pc() {  // NOLINT: the compiler names it
  Told().insert(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
}

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;
using fuzz::Call;

constexpr int64_t kMapBits = 256 * 1024;  // cover_hook.c
constexpr size_t kWords = fuzz::kMaxSteps - 3, kPartBytes = 8 * kWords;
static_assert(kPartBytes == 104);  // COVER_PART

// For code that is laid out alike in both builds. The kernel has its own level, which is -O2.
const std::vector<std::string> kBuiltAlike = {
    "-gdwarf-4",         "-fno-inline",       "-fsanitize-coverage=trace-pc",
    "-fno-ipa-icf",      "-fno-crossjumping", "-fno-tree-tail-merge",
    "-fno-thread-jumps", "-fno-ipa-cp",       "-fno-partial-inlining"};

std::vector<std::string> LinesOf(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string FirstError(const std::string& log) {
  for (const std::string& line : LinesOf(log)) {
    if (line.find("error") != line.npos) return line;
  }
  return "see " + log;
}

// With the compiler that makes the module. "" or one line.
std::string CompileShared(const CoverageOptions& options, const command::Module& module,
                          const std::string& object) {
  const fs::path flags = options.installation.flags;
  std::vector<std::string> words = {"gcc"};
  for (const std::string& flag : LinesOf(flags)) words.push_back(flag);
  words.emplace_back("-O2");
  words.insert(words.end(), kBuiltAlike.begin(), kBuiltAlike.end());
  words.insert(words.end(),
               {"-isystem", options.installation.root + "/mocks/include", "-I",
                options.installation.root, "-DKBUILD_MODNAME=\"" + module.name + "\"",
                "-DDRYDOCK_PROFILE=" + std::to_string(options.kernel.profile), "-shared"});
  for (const std::string& flag : LinesOf(flags.parent_path() / "driver_link_flags.txt")) {
    words.push_back(flag);
  }
  words.insert(words.end(), module.parts.begin(), module.parts.end());
  words.insert(words.end(),
               {options.installation.root + "/mocks/module/this_module.c", "-o", object});
  const std::string log = object + ".log";
  const pid_t child = command::Spawn(words, {.environment = {}, .output_file = log});
  const int status = child > 0 ? command::WaitSeconds(child, 120) : 127;
  return status == 0 ? "" : module.name + " does not compile: " + FirstError(log);
}

// Tells where the calls of an object lie in its source.
struct Points {
  std::vector<uint64_t> at;
  std::vector<Place> places;
  std::string error;
};

Points PointsOf(const std::string& object, const std::string& folder) {
  Points points;
  int status = 0;
  points.at =
      CallPoints(command::Capture({"objdump", "-dr", "--no-show-raw-insn", object}, &status));
  if (status != 0 || points.at.empty()) {
    points.error = object + ": no instrumented code found in it (objdump)";
    return points;
  }
  // (An argument for each would be too many.)
  const std::string list = folder + "/points";
  {
    std::ofstream file(list);
    for (const uint64_t at : points.at) file << std::hex << "0x" << at - 1 << "\n";
  }
  std::vector<std::string> words = {"sh", "-c", "addr2line -f \"$@\" <\"$0\"", list, "-e", object};
  if (object.ends_with(".ko")) words.insert(words.end(), {"-j", ".text"});
  points.places = ReadPlaces(command::Capture(words, &status));
  if (points.places.size() != points.at.size()) points.error = object + ": addr2line does not tell";
  return points;
}

// Reads the next part of the module's bit map.
fuzz::Program MapProgram(uint8_t node) {
  fuzz::Program program;
  program.Add({.call = Call::kOpen, .node = node});
  program.Add({.call = Call::kAnonymous,
               .flags = fuzz::kMapPrivate,
               .prot = fuzz::kProtRead | fuzz::kProtWrite,
               .length = fuzz::Pages(1)});
  program.Add({.call = Call::kRead, .length = kPartBytes});
  for (size_t i = 0; i < kWords; ++i) {
    program.Add({.call = Call::kLoad, .offset = 8 * i, .length = 8});
  }
  return program;
}

// The map, of what these programs showed. "" or what is wrong.
std::string ReadMap(const std::vector<Shown>& shown, std::vector<uint8_t>* map) {
  for (const Shown& one : shown) {
    if (one.ending != Ending::kFinished ||
        one.steps[2].shown.value != static_cast<int64_t>(kPartBytes)) {
      return "the module does not tell its coverage";
    }
    for (size_t i = 3; i < one.steps.size(); ++i) {
      uint8_t bytes[8];
      std::memcpy(bytes, &one.steps[i].shown.data, sizeof bytes);
      map->insert(map->end(), bytes, bytes + sizeof bytes);
    }
  }
  return {};
}

// The programs that both worlds can run to their end, as the simulation sees it.
std::string ChoosePrograms(const CoverageOptions& options, SimSide* sim, uint64_t object_pages,
                           std::vector<fuzz::Program>* programs) {
  std::vector<NamedProgram> all;
  for (const std::string& folder : options.programs) {
    ProgramFiles files = ReadPrograms(folder, sim->nodes());
    if (!files.error.empty()) return files.error;
    std::move(files.programs.begin(), files.programs.end(), std::back_inserter(all));
  }
  for (NamedProgram& one :
       RandomPrograms(options.seed, options.random, object_pages, sim->nodes().size())) {
    all.push_back(std::move(one));
  }
  sim->Fresh();
  for (NamedProgram& one : all) {
    const Ending ending = sim->Run(one.program).ending;
    if (ending == Ending::kTrapped) sim->Fresh();
    if (!WhyNotComparable(one.program).empty() || ending != Ending::kFinished) continue;
    one.program.header.profile = static_cast<uint16_t>(options.kernel.profile);
    programs->push_back(one.program);
  }
  return {};
}

std::set<uint64_t> OffsetsInImage() {
  std::set<uint64_t> offsets;
  for (const uintptr_t pc : Told()) {
    Dl_info about;
    if (dladdr(reinterpret_cast<void*>(pc), &about) != 0) {
      offsets.insert(pc - reinterpret_cast<uintptr_t>(about.dli_fbase));
    }
  }
  return offsets;
}

}  // namespace

std::string CoverDriver(const CoverageOptions& options, const DriverRow& row,
                        CoverageTally* tally) {
  const std::string source = options.installation.root + "/" + row.file;
  const command::Module module = command::ModuleOf(source);
  const std::string object = options.guest.folder + "/" + row.name + "-cover.so";
  std::string wrong = CompileShared(options, module, object);
  if (!wrong.empty()) return wrong;
  const Points sim_points = PointsOf(object, options.guest.folder);
  if (!sim_points.error.empty()) return sim_points.error;

  Told().clear();
  SimSide sim(options.kernel.profile, object, row.parameters);
  if (!sim.error().empty()) return row.name + ": " + sim.error();
  const std::set<uintptr_t> of_loading = Told();
  const uint64_t object_pages = sim.ObjectPages();
  std::vector<fuzz::Program> programs;
  wrong = ChoosePrograms(options, &sim, object_pages, &programs);
  if (!wrong.empty()) return wrong;
  Told() = of_loading;
  sim.Fresh();
  for (const fuzz::Program& program : programs) sim.Run(program);
  const std::set<uint64_t> sim_told = OffsetsInImage();

  GuestParts parts = options.guest;
  parts.cover_hook = options.installation.root + "/kmod/cover/hook/cover_hook.c";
  parts.cover_flags = kBuiltAlike;
  GuestSide guest(parts, options.kernel);
  const ModuleOfDriver built{fs::path(row.file).parent_path().string(), module.name};
  wrong = guest.Prepare({built});
  if (!wrong.empty()) return wrong;
  DriverInGuest there{module.name + ".ko", row.ParametersText(), sim.nodes()};
  const auto map_node = static_cast<uint8_t>(there.nodes.size());
  if (map_node >= fuzz::kMaxNodes) return row.name + ": it has too many nodes";
  there.nodes.push_back("/sys/module/" + module.name + "/parameters/drydock_cover");
  std::vector<Shown> shown, told;
  std::vector<uint8_t> map;
  wrong = guest.Run(programs, there, &shown);
  const std::vector<fuzz::Program> parts_of_map(kMapBits / 8 / kPartBytes + 1,
                                                MapProgram(map_node));
  if (wrong.empty()) wrong = guest.Run(parts_of_map, there, &told, false);
  if (wrong.empty()) wrong = ReadMap(told, &map);
  if (wrong.empty()) wrong = guest.End();
  if (!wrong.empty()) return row.name + " on kernel " + options.kernel.name + ": " + wrong;

  const std::string ko = guest.FileOf(module.name);
  const Points linux_points = PointsOf(ko, options.guest.folder);
  if (!linux_points.error.empty()) return linux_points.error;
  int status = 0;
  uint64_t hook = 0;
  if (!SymbolAt(command::Capture({"nm", ko}, &status), "__sanitizer_cov_trace_pc", &hook)) {
    return ko + ": it has no hook";
  }
  const std::set<uint64_t> linux_told = OffsetsIn(map, static_cast<int64_t>(hook) - kMapBits / 2);

  std::set<std::string> files;
  for (const std::string& part : module.parts) files.insert(fs::path(part).filename());
  const CoverComparison comparison =
      CompareReached(ReachedOf(sim_points.at, sim_points.places, sim_told, files),
                     ReachedOf(linux_points.at, linux_points.places, linux_told, files));
  std::printf(
      "%s on kernel %s: %zu programs\n  functions: %zu of %zu reached in both, lines: %zu "
      "of %zu; %zu lines are told of in one build alone; %zu differences\n",
      row.name.c_str(), options.kernel.name.c_str(), programs.size(), comparison.functions_reached,
      comparison.functions, comparison.lines_reached, comparison.lines, comparison.lines_of_one,
      comparison.differences.size());
  for (const std::string& difference : comparison.differences) {
    std::printf("    %s\n", difference.c_str());
  }
  std::fflush(stdout);
  ++tally->drivers;
  tally->programs += programs.size();
  tally->functions += comparison.functions;
  tally->lines += comparison.lines;
  tally->differences += comparison.differences.size();
  return {};
}

}  // namespace drydock::kmod
