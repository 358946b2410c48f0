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

drydock::fuzz::WorkerPage worker_page;
drydock::fuzz::Session* session;

void TellMmaps() {
  const uint64_t all = worker_page.mmaps, ok = worker_page.mmaps_ok;
  std::fprintf(stderr, "bench: %lu of %lu mmaps succeeded\n", static_cast<unsigned long>(ok),
               static_cast<unsigned long>(all));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace drydock::fuzz;
  const WorkerOptions options = TakeWorkerOptions(argc, *argv);
  session = new Session(options, &worker_page);
  std::string error = session->error();
  if (error.empty()) error = WriteSeeds(options.seeds, options.corpus, *session);
  if (!error.empty()) {
    std::fprintf(stderr, "bench: %s\n", error.c_str());
    std::_Exit(2);
  }
  worker_page.mmaps = 0;
  worker_page.mmaps_ok = 0;
  std::atexit(TellMmaps);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  session->RunBytes({data, size});
  if (session->world().verdicts().count() == 0) return 0;
  // As //fuzz:mmap_target: told once, and never more if it is advice.
  for (int found = session->NextNew(0); found >= 0;
       found = session->NextNew(static_cast<size_t>(found) + 1)) {
    const auto violation = session->world().verdicts()[static_cast<size_t>(found)];
    std::fprintf(stderr, "bench: a violation of class C%02u: %s\n", violation.class_number,
                 violation.seen);
    using drydock::fuzz::ClassOf;
    if (ClassOf(violation.class_number, violation.trap).weight != drydock::fuzz::Weight::kAdvice) {
      std::abort();
    }
  }
  return 0;
}
