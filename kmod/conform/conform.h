// `./drydock conform`: the same programs in the simulation and in real kernels, compared step by
// step.
#ifndef DRYDOCK_KMOD_CONFORM_CONFORM_H_
#define DRYDOCK_KMOD_CONFORM_CONFORM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kmod/conform/launch.h"

namespace drydock::kmod {

struct ConformOptions {
  std::vector<std::string> kernels;
  std::vector<std::string> drivers;   // names of drivers.txt; none: all
  std::vector<std::string> programs;  // folders
  size_t random = 0;                  // programs, over all drivers
  uint64_t seed = 1;
  size_t show = 10;          // differences that are printed in full
  size_t tries = 300;        // programs that are tried to make a difference's program shorter
  size_t deadly_tries = 30;  // the same if it kills the guest: each is a boot
  size_t risky_boots = 3;    // of each driver: programs that stop the simulated driver
  bool coverage = false;     // compare which code of the drivers is reached, instead
  bool record = false;       // into kmod/conform/confirmed.tsv (fidelity.h)
  std::string out = "out";   // folder for programs that differ
  Launch launch;
};

// 0: both worlds agree, apart from known differences; 1: they do not; 2: could not run, one line on
// standard error says why.
int Conform(const ConformOptions& options);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_CONFORM_H_
