// What a worker is told: on its command line, or by environment variables of the same names
// (--core-guards=off is DRYDOCK_CORE_GUARDS=off). libFuzzer's own options have one dash.
#ifndef DRYDOCK_FUZZ_WORKER_OPTIONS_H_
#define DRYDOCK_FUZZ_WORKER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace drydock::fuzz {

struct WorkerOptions {
  std::string driver;       // --driver=PATH: the driver's shared object
  std::string device_file;  // --device=FILE
  std::string policy_file;  // --policy=FILE
  std::string seeds;        // --seeds=DIR: programs in text form ...
  std::string corpus;       // --corpus=DIR: ... that are written here as bytes
  std::string replay;       // --replay=FILE: run this program, report each step, exit
  std::string minimise;     // --minimise=FILE: of a program that kills the worker, exit
  std::vector<std::pair<std::string, std::string>> params;  // --param=NAME=VALUE
  uint64_t object_pages = 0;                                // --object-pages=N; 0: find out
  bool load_trials = false;  // whether a session begins with load_trials.h
  WorldOptions world;        // --platform= --profile= --core-guards= --world-seed=
  std::string error;         // one line; empty if all is well
};

// Takes the worker's options out of the command line; the rest stays in order.
WorkerOptions TakeWorkerOptions(int* argc, char** argv);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_WORKER_OPTIONS_H_
