// What mmap and munmap cost: through a driver in the simulation against the host kernel's own, and
// 1 TiB against one page. Prints the ratios of this run after the table.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "sim/world.h"

namespace drydock {
namespace {

constexpr uint64_t kPage = 4096;
constexpr int kReadWriteOpen = 2, kProtReadWrite = 3, kShared = 1;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "mapping_bench: %s\n", why.c_str());
  std::exit(2);
}

// Only one world exists at a time: it is the process's own machine.
void MapAndUnmap(benchmark::State& state, const char* driver, uint64_t length) {
  World world{WorldOptions{}};
  const std::string error = world.LoadDriver(driver, {});
  if (!error.empty()) Die(error);
  world.Checkpoint();
  user::Process process = world.init();
  const int fd = static_cast<int>(process.Open(world.nodes()[0].c_str(), kReadWriteOpen).value);
  for (auto _ : state) {
    const user::Outcome mapped = process.Mmap({}, length, kProtReadWrite, kShared, fd, 0);
    if (!mapped.ok()) Die("the mapping is refused");
    const user::Outcome unmapped = process.Munmap({static_cast<uint64_t>(mapped.value)}, length);
    if (!unmapped.ok()) Die("the mapping stays");
  }
  if (world.verdicts().count() != 0) Die(world.verdicts()[0].seen);
}

void Simulated16Pages(benchmark::State& state) {
  MapAndUnmap(state, "driver_core/dma_buffer.so", 16 * kPage);
}
void SimulatedOnePage(benchmark::State& state) {
  MapAndUnmap(state, "bench/window_driver.so", kPage);
}
void SimulatedOneTebibyte(benchmark::State& state) {
  MapAndUnmap(state, "bench/window_driver.so", uint64_t{1} << 40);
}

void Host16Pages(benchmark::State& state) {
  const int file = memfd_create("mapping_bench", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, 16 * kPage) != 0) Die("no memfd");
  for (auto _ : state) {
    void* at = mmap(nullptr, 16 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED || munmap(at, 16 * kPage) != 0) Die("the host refuses the mapping");
  }
  close(file);
}

BENCHMARK(Simulated16Pages)->Repetitions(5);
BENCHMARK(Host16Pages)->Repetitions(5);
BENCHMARK(SimulatedOnePage)->Repetitions(5);
BENCHMARK(SimulatedOneTebibyte)->Repetitions(5);

// Keeps the best repetition of each: the machine is shared.
class BestReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      double& best = best_[run.run_name.function_name];
      const double time = run.GetAdjustedCPUTime();
      best = best == 0 ? time : std::min(best, time);
    }
    ConsoleReporter::ReportRuns(runs);
  }
  double Best(const std::string& name) { return best_[name]; }

 private:
  std::map<std::string, double> best_;
};

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  BestReporter best;
  benchmark::RunSpecifiedBenchmarks(&best);
  const double simulated = best.Best("Simulated16Pages"), host = best.Best("Host16Pages");
  const double page = best.Best("SimulatedOnePage"), tebibyte = best.Best("SimulatedOneTebibyte");
  if (simulated != 0 && host != 0) {
    std::printf(
        "16 pages, simulated against host memfd: %.0f ns against %.0f ns, %.2f times "
        "faster (at least 5)\n",
        simulated, host, host / simulated);
  }
  if (page != 0 && tebibyte != 0) {
    std::printf("1 TiB against 1 page: %.0f ns against %.0f ns, ratio %.3f (at most 1.5)\n",
                tebibyte, page, tebibyte / page);
  }
  return 0;
}

}  // namespace
}  // namespace drydock

int main(int argc, char** argv) { return drydock::Main(argc, argv); }
