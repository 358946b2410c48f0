// What `./drydock check --confirm KERNEL` starts: findings of one driver, each run on a real kernel
// with the same driver built as a module for it.
#ifndef DRYDOCK_KMOD_CONFIRM_CONFIRM_H_
#define DRYDOCK_KMOD_CONFIRM_CONFIRM_H_

#include <string>
#include <vector>

#include "kmod/confirm/judge.h"
#include "kmod/conform/guest_side.h"
#include "kmod/conform/sim_side.h"
#include "kmod/runner/kernel_store.h"
#include "tools/command/compile.h"

namespace drydock::kmod {

// A finding, as far as it matters here.
struct Claim {
  std::string class_id;
  std::string program;  // text form
  size_t step = 0;      // the one that shows it; the number of steps: at the end
  bool on_x86 = true;   // the simulation of an x86-64 machine shows it, too
  std::string seen;     // there
};

struct ConfirmOptions {
  StoredKernel kernel;
  std::string driver;     // C file
  Parameters parameters;  // of the module
  std::string device;     // device file; "" for none
  command::Installation installation;
  GuestParts guest;
};

// One judgement for each claim. *error: one line, if the guest could not be run.
std::vector<Judgement> Confirm(const ConfirmOptions& options, const std::vector<Claim>& claims,
                               std::string* error);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFIRM_CONFIRM_H_
