// What a reset costs after a run that touched a few pages: prints nanoseconds.
#include <chrono>
#include <cstdio>

#include "sim/hw/physical_memory.h"
#include "sim/hw/write_fault_handler.h"

namespace drydock::hw {
namespace {

template <class Run>
double NanosecondsPerRun(int runs, Run run) {
  for (int i = 0; i < runs / 10; ++i) run();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) run();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  return took.count() / runs;
}

int Main() {
  constexpr Pfn kFirst = PhysicalMemory::kNormalBase.pfn();
  ResetList list;
  PhysicalMemory memory(list);
  ScopedWriteFaultHandler<PhysicalMemory> handler(memory);
  constexpr uint64_t kPages = 1024;
  memory.Unpoison(memory.KernelAddress(PhysAddr::Of(kFirst)), kPages * kPageSize);
  for (uint64_t i = 0; i < kPages; ++i) {
    memory.MutFrame(kFirst + i).kind = FrameKind::kPages;
    memory.FillZero(PhysAddr::Of(kFirst + i), kPageSize);
  }
  list.Checkpoint();
  memory.Checkpoint();
  const auto reset = [&] {
    list.Reset();
    memory.Reset();
  };
  std::printf("nothing touched:                     %7.0f ns\n", NanosecondsPerRun(1000000, reset));
  std::printf("4 pages by the simulation:           %7.0f ns\n", NanosecondsPerRun(1000000, [&] {
                for (uint64_t i = 0; i < 4; ++i) {
                  memory.MarkDirty(kFirst + i);
                  memory.Plain(kFirst + i)[i] = 1;
                }
                reset();
              }));
  auto* driver = static_cast<volatile char*>(memory.KernelAddress(PhysAddr::Of(kFirst)));
  std::printf("4 pages by the driver (hot):         %7.0f ns\n", NanosecondsPerRun(1000000, [&] {
                for (uint64_t i = 0; i < 4; ++i) driver[i * kPageSize + 100] = 1;
                reset();
              }));
  std::printf("4 frames, struct pages and poison:   %7.0f ns\n", NanosecondsPerRun(1000000, [&] {
                for (uint64_t i = 8; i < 12; ++i) {
                  memory.MutFrame(kFirst + i).owner = 1;
                  memory.MutPage(kFirst + i)._refcount.counter = 1;
                  memory.Poison(const_cast<char*>(driver) + i * kPageSize, kPageSize);
                }
                reset();
              }));
  return 0;
}

}  // namespace
}  // namespace drydock::hw

int main() { return drydock::hw::Main(); }
