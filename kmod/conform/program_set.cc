#include "kmod/conform/program_set.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>

#include "fuzz/mutator.h"
#include "fuzz/program_bytes.h"
#include "sim/kernel/capacity.h"

namespace drydock::kmod {
namespace {

constexpr uint64_t kMostSurveyed = 64;  // pages of a node
constexpr size_t kPagesAtOnce = (fuzz::kMaxSteps - 1) / 2;
constexpr size_t kLongest = 96;  // bytes of a random program

constexpr uint64_t kSurelyTherePages = 32768;  // of memory, in both worlds

// What can be charged is what the kernel has left of the guest's 256 MiB; in the simulation, all.
bool AboutAllMemory(uint64_t bytes) {
  const uint64_t pages = hw::PagesOf(bytes);
  return pages > kSurelyTherePages && pages <= 65536;
}

// More than there is, and yet granted: what nobody writes to is not charged.
bool MoreThanAllMemory(const fuzz::Step& step) {
  constexpr uint64_t kMost_bytes = uint64_t{1} << 47;  // no process has more addresses
  const uint64_t bytes = step.call == fuzz::Call::kAnonymous ? step.length
                         : step.call == fuzz::Call::kMremap  ? step.new_length
                                                             : 0;
  return hw::PagesOf(bytes) > kSurelyTherePages && bytes <= kMost_bytes;
}

bool WantsMemoryThere(const fuzz::Step& step) {
  constexpr uint32_t kLockedOrPopulated = 0x2000 | 0x8000;  // MAP_LOCKED, MAP_POPULATE
  constexpr uint32_t kPopulateRead = 22, kPopulateWrite = 23;
  switch (step.call) {
    case fuzz::Call::kAnonymous:
      return (step.flags & kLockedOrPopulated) != 0;
    case fuzz::Call::kMlock:
      return true;
    case fuzz::Call::kMadvise:
      return step.flags == kPopulateRead || step.flags == kPopulateWrite;
    default:
      return false;
  }
}

}  // namespace

ProgramFiles ReadPrograms(const std::string& folder, const fuzz::NodePaths& nodes) {
  ProgramFiles files;
  std::error_code error;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".prog") paths.push_back(entry.path().string());
  }
  if (error) files.error = folder + ": " + error.message() + "; name a folder of .prog files";
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    fuzz::ParsedProgram parsed = fuzz::LoadProgram(path);
    if (!parsed.error.empty()) {
      files.error = parsed.error;
      return files;
    }
    if (!RenumberNodes(parsed.nodes, nodes, &parsed.program).empty()) {
      ++files.for_others;
      continue;
    }
    files.programs.push_back(
        {std::filesystem::path(path).filename().string(), parsed.program, path});
  }
  return files;
}

std::vector<NamedProgram> RandomPrograms(uint64_t seed, size_t count, uint64_t object_pages,
                                         size_t nodes) {
  std::mt19937_64 random(seed);
  const fuzz::Encoding encoding = {
      .header = {}, .object_pages = object_pages, .node_count = static_cast<uint8_t>(nodes)};
  std::vector<NamedProgram> programs;
  for (size_t i = 0; i < count; ++i) {
    std::array<uint8_t, kLongest> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const size_t size = 8 + random() % (bytes.size() - 8);
    bytes[0] = 0;  // no allocation fails
    programs.push_back({"random " + std::to_string(i), Decode({bytes.data(), size}, encoding)});
  }
  return programs;
}

std::vector<NamedProgram> ChangedPrograms(uint64_t seed, size_t count,
                                          std::span<const NamedProgram> kept, uint64_t object_pages,
                                          size_t nodes) {
  std::mt19937_64 random(seed);
  std::vector<NamedProgram> programs;
  for (size_t i = 0; i < count && !kept.empty(); ++i) {
    const NamedProgram& old = kept[random() % kept.size()];
    const fuzz::Encoding encoding = {.header = old.program.header,
                                     .object_pages = object_pages,
                                     .node_count = static_cast<uint8_t>(nodes)};
    std::array<uint8_t, fuzz::kMaxEncodedBytes> bytes;
    size_t size = Encode(old.program, encoding, bytes);
    for (uint64_t times = 1 + random() % 3; times != 0; --times) {
      size = fuzz::Mutate(bytes, size, static_cast<uint32_t>(random()) | fuzz::kByStep, encoding);
    }
    bytes[0] = 0;  // no allocation fails
    programs.push_back({.name = "changed " + std::to_string(i) + ", " + old.name,
                        .program = Decode({bytes.data(), size}, encoding),
                        .changed = true});
  }
  return programs;
}

std::string WhyNotComparable(const fuzz::Program& program) {
  if (program.header.load_trial != fuzz::kNoLoadTrial) return "a trial of loading";
  if (program.header.fail_allocation != 0) return "an allocation is made to fail";
  if (program.header.platform != 0) return "another machine";
  if (!program.header.core_guards) return "without the guards of mmap(2)";
  uint32_t processes = 1;
  bool taken = false, more_than_all = false, wants_it_there = false;
  for (uint32_t i = 0; i < program.step_count; ++i) {
    const fuzz::Step& step = program.steps[i];
    processes += MakesProcess(step.call);
    if (processes > kernel::Capacity{}.processes) return "more processes than there is room for";
    taken |= step.call == fuzz::Call::kUnbind;
    if (taken && step.call == fuzz::Call::kOpen && (step.flags & fuzz::kOpenCreate) != 0) {
      return "makes a file where a device was";
    }
    if (AboutAllMemory(step.length) || AboutAllMemory(step.new_length)) {
      return "asks for about as much memory as there is";
    }
    more_than_all |= MoreThanAllMemory(step);
    wants_it_there |= WantsMemoryThere(step);
    if (more_than_all && wants_it_there) return "may have more memory put in place than there is";
  }
  return {};
}

std::vector<fuzz::Program> SurveyPrograms(uint64_t object_pages, size_t nodes) {
  const uint64_t pages = std::clamp<uint64_t>(object_pages, 1, kMostSurveyed);
  std::vector<fuzz::Program> survey;
  for (int round = 0; round < 2; ++round) {
    for (size_t node = 0; node < nodes; ++node) {
      for (uint64_t first = 0; first < pages; first += kPagesAtOnce) {
        fuzz::Program program;
        program.Add({.call = fuzz::Call::kOpen,
                     .node = static_cast<uint8_t>(node),
                     .flags = fuzz::kOpenReadWrite});
        for (uint8_t i = 0; i < kPagesAtOnce && first + i < pages; ++i) {
          program.Add({.call = fuzz::Call::kMmap,
                       .flags = fuzz::kMapShared,
                       .prot = fuzz::kProtRead,
                       .offset = fuzz::Pages(first + i),
                       .length = fuzz::Pages(1)});
          program.Add({.call = fuzz::Call::kLoad, .mapping = i, .length = 1});
        }
        survey.push_back(program);
      }
    }
  }
  return survey;
}

KnownFrames FramesOf(std::span<const fuzz::Program> survey, std::span<const Shown> shown) {
  // By node and page: the frames that were seen, one a round.
  std::map<std::pair<uint8_t, uint64_t>, std::vector<uint64_t>> seen;
  for (size_t p = 0; p < survey.size() && p < shown.size(); ++p) {
    for (size_t i = 1; i + 1 < shown[p].steps.size(); ++i) {
      const fuzz::Step& step = survey[p].steps[i];
      const StepShown& mapped = shown[p].steps[i].shown;
      if (step.call != fuzz::Call::kMmap || mapped.ran != Ran::kRan || mapped.value <= 0) continue;
      for (const ptdump_record& record : shown[p].steps[i + 1].space) {
        const auto at = static_cast<uint64_t>(mapped.value);
        if (record.kind != PTDUMP_RUN || at < record.start || at >= record.end) continue;
        seen[{survey[p].steps[0].node, step.offset >> hw::kPageShift}].push_back(
            record.frame + ((at - record.start) >> hw::kPageShift));
      }
    }
  }
  KnownFrames known;
  for (const auto& [place, frames] : seen) {
    if (frames.size() != 2 || frames[0] != frames[1]) continue;
    known.try_emplace(frames[0], FrameName{"n" + std::to_string(place.first), place.second});
  }
  return known;
}

}  // namespace drydock::kmod
