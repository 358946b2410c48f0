#include "fuzz/short_fuzz.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "fuzz/mutator.h"
#include "fuzz/observation_text.h"
#include "fuzz/program_text.h"
#include "fuzz/session.h"
#include "fuzz/violation_classes.h"

namespace drydock::fuzz {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kTwo32 = uint64_t{1} << (32 - hw::kPageShift);  // in pages
constexpr uint64_t kTwo64 = uint64_t{1} << (64 - hw::kPageShift);
// A frame that fits a page-table entry and that no processor can address.
constexpr uint64_t kBeyond = uint64_t{1} << 35;

class Fuzzer {
 public:
  explicit Fuzzer(Session& session) : session_(session) {
    const uint64_t learnt = session.encoding().object_pages;
    pages_ = learnt == 0 ? 16 : learnt;
  }

  void Load() {
    for (const LoadViolation& found : session_.load_violations()) {
      Add(found.violation,
          "insmod, allocation " + std::to_string(found.fail_allocation) + " fails\n");
    }
  }

  void Enumerate() {
    const std::vector<uint64_t> offsets = Offsets();
    for (const uint64_t offset : offsets) {
      for (const uint64_t length : Lengths(offset)) {
        for (const uint32_t prot : {kProtRead, kProtRead | kProtWrite, uint32_t{7}}) {
          for (const uint32_t flags : {kMapShared, kMapPrivate}) {
            RunMappings({Mapping(offset, length, prot, flags)});
          }
        }
      }
      for (const uint64_t other : offsets) {
        RunMappings({Mapping(offset, 1), Mapping(other, 1)});
      }
      // What user space runs into when it uses the mapping, by itself or by the kernel's copies.
      for (const Call call : {Call::kLoad, Call::kStore, Call::kRead, Call::kWrite}) {
        RunMappings({Mapping(offset, 1), {.call = call, .length = 8}});
      }
    }
  }

  void Mutate(uint32_t count) {
    std::array<std::array<uint8_t, kMaxEncodedBytes>, 64> pool{};
    std::array<size_t, pool.size()> sizes;
    sizes.fill(1);
    uint64_t state = 1;
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t random = SplitMix(&state);
      const size_t from = random % pool.size();
      const size_t to = random >> 8 & (pool.size() - 1);
      pool[to] = pool[from];
      // Short programs find most; those that have grown start again.
      sizes[to] = sizes[from] > 48 ? 1 : sizes[from];
      // (Odd seeds: Drydock's own mutations, whatever is linked.)
      const auto seed = static_cast<uint32_t>(random >> 32) | 1;
      sizes[to] = drydock::fuzz::Mutate(pool[to], sizes[to], seed, session_.encoding());
      session_.RunBytes({pool[to].data(), sizes[to]});
      Note();
    }
  }

  Json result() {
    Json json = {{"found", found_}, {"programs", programs_}, {"mmaps_ok", mmaps_ok_}};
    json["nodes"] = session_.nodes();
    return json;
  }

 private:
  static uint64_t SplitMix(uint64_t* state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  static Step Mapping(uint64_t offset, uint64_t length, uint32_t prot = kProtRead | kProtWrite,
                      uint32_t flags = kMapShared) {
    return {.call = Call::kMmap,
            .flags = flags,
            .prot = prot,
            .offset = Pages(offset),
            .length = Pages(length)};
  }

  std::vector<uint64_t> Offsets() const {
    std::vector<uint64_t> all = {0, 1, 2, pages_ / 2, kTwo32 - pages_, kTwo64 - pages_};
    for (const uint64_t base : {pages_, kTwo32 / 2, kTwo32, kTwo64 / 2}) {
      for (const uint64_t at : {base - 1, base, base + 1}) all.push_back(at);
    }
    all.insert(all.end(), {kTwo32 - 2, 3 * kTwo32, kBeyond, kTwo64 - 2, kTwo64 - 1});
    return all;
  }

  std::vector<uint64_t> Lengths(uint64_t offset) const {
    std::vector<uint64_t> all = {1, 2, pages_ - 1, pages_, pages_ + 1, 2 * pages_, kTwo32};
    // To the end of the buffer, and around it; to 2^32 bytes.
    if (offset < pages_) {
      for (const uint64_t more : {0, 1, 2}) all.push_back(pages_ - offset + more);
    }
    if (offset < kTwo32) all.push_back(kTwo32 - offset);
    return all;
  }

  void RunMappings(std::initializer_list<Step> steps) {
    Program program;
    program.header = session_.encoding().header;
    program.Add({.call = Call::kOpen, .flags = kOpenReadWrite});
    for (const Step& step : steps) program.Add(step);
    session_.RunProgram(program);
    Note();
  }

  void Note() {
    ++programs_;
    for (const Observation& seen : session_.executor().observations()) {
      mmaps_ok_ += seen.state == StepState::kRan && seen.outcome.ok();
    }
    const kernel::Verdicts& verdicts = session_.world().verdicts();
    if (verdicts.count() == 0) return;
    for (int i = session_.NextNew(0); i >= 0; i = session_.NextNew(static_cast<size_t>(i) + 1)) {
      const std::optional<kernel::Violation> named = session_.Named(static_cast<size_t>(i));
      if (named) Add(*named, FormatProgram(session_.program(), session_.nodes()));
    }
  }

  void Add(const kernel::Violation& violation, const std::string& program) {
    const ViolationClass& c = ClassOf(violation.class_number, violation.trap);
    const std::string id(c.id);
    if (found_.contains(id)) return;
    found_[id] = {
        {"weight", static_cast<int>(c.weight)},
        {"text", id + " in " + std::string(session_.FunctionOf(violation)) + ": expected " +
                     violation.expected + "; seen " + violation.seen + "\n" + program}};
  }

  Session& session_;
  uint64_t pages_;
  Json found_ = Json::object();
  uint64_t programs_ = 0;
  uint64_t mmaps_ok_ = 0;
};

std::string RunInThisProcess(const WorkerOptions& options, uint32_t mutations) {
  WorkerPage page;
  WorkerOptions all = options;
  all.load_trials = true;
  Session session(all, &page);
  if (!session.error().empty()) return Json{{"error", session.error()}}.dump();
  Fuzzer fuzzer(session);
  fuzzer.Load();
  fuzzer.Enumerate();
  fuzzer.Mutate(mutations);
  return fuzzer.result().dump();
}

ShortFuzz Read(const std::string& text) {
  const Json json = Json::parse(text);
  ShortFuzz result;
  if (json.contains("error")) {
    result.error = json["error"];
    return result;
  }
  for (const auto& [id, seen] : json["found"].items()) {
    result.found[id] = seen["text"];
    const auto weight = static_cast<Weight>(seen["weight"].get<int>());
    (weight == Weight::kFinding  ? result.findings
     : weight == Weight::kAdvice ? result.advice
                                 : result.limits)
        .insert(id);
  }
  result.nodes = json["nodes"];
  result.programs = json["programs"];
  result.mmaps_ok = json["mmaps_ok"];
  return result;
}

}  // namespace

ShortFuzz FuzzShortly(const WorkerOptions& options, uint32_t mutations) {
  ShortFuzz failed;
  int ends[2];
  if (pipe(ends) != 0) {
    failed.error = std::string("pipe: ") + std::strerror(errno);
    return failed;
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    const std::string text = RunInThisProcess(options, mutations);
    for (size_t done = 0; done < text.size();) {
      const ssize_t count = write(ends[1], text.data() + done, text.size() - done);
      if (count <= 0) _exit(3);
      done += static_cast<size_t>(count);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    failed.error =
        options.driver + ": the process that ran it ended with status " + std::to_string(status);
    return failed;
  }
  return Read(text);
}

}  // namespace drydock::fuzz
