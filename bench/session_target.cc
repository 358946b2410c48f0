// //fuzz:mmap_target without its mutator, which the linker would not let another one replace. Says
// at the end how many mmaps succeeded.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/seeds.h"
#include "fuzz/session.h"
#include "fuzz/violation_classes.h"

namespace {

drydock::fuzz::WorkerPage page;
drydock::fuzz::Session* session;

void TellMmaps() {
  const uint64_t all = page.mmaps, ok = page.mmaps_ok;
  std::fprintf(stderr, "bench: %lu of %lu mmaps succeeded\n", static_cast<unsigned long>(ok),
               static_cast<unsigned long>(all));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace drydock::fuzz;
  const WorkerOptions options = TakeWorkerOptions(argc, *argv);
  session = new Session(options, &page);
  std::string error = session->error();
  if (error.empty()) error = WriteSeeds(options.seeds, options.corpus, *session);
  if (!error.empty()) {
    std::fprintf(stderr, "bench: %s\n", error.c_str());
    std::_Exit(2);
  }
  page.mmaps = 0;
  page.mmaps_ok = 0;
  std::atexit(TellMmaps);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  session->RunBytes({data, size});
  const drydock::kernel::Verdicts& verdicts = session->world().verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    const drydock::kernel::Violation& violation = verdicts[i];
    if (ClassOf(violation.class_number, violation.trap).weight == drydock::fuzz::Weight::kAdvice) {
      continue;
    }
    std::fprintf(stderr, "bench: a violation: %s\n", violation.seen);
    std::abort();
  }
  return 0;
}
