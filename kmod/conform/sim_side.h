// The simulation's half of a comparison: one driver, loaded, and programs that run on it one after
// another without a reset between them, as in a guest.
#ifndef DRYDOCK_KMOD_CONFORM_SIM_SIDE_H_
#define DRYDOCK_KMOD_CONFORM_SIM_SIDE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/executor.h"
#include "kmod/observe/shown.h"
#include "sim/world.h"

namespace drydock::kmod {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class SimSide {
 public:
  SimSide(int profile, const std::string& shared_object, const Parameters& parameters);

  const std::string& error() const { return error_; }  // one line, if the driver does not load
  const std::vector<std::string>& nodes() const { return world_->nodes(); }
  // Pages of the largest mapping at offset 0 that node 0 grants, up to 4096; 0 for none.
  uint64_t ObjectPages();

  // The driver as just loaded.
  void Fresh();
  // Ending::kTrapped: the driver's run was abandoned, and a Fresh() has to follow.
  // Ending::kOverflow: it ran to its end, but a guest has no room for what it shows, or the
  // simulation had none for its page-table entries. `told`: called
  // after each step that showed an address space, with the world as it is then.
  using Told = std::function<void(size_t step, const Step& shown)>;
  Shown Run(const fuzz::Program& program, const Told& told = {});
  World& world() { return *world_; }

 private:
  class Observer;
  std::string error_;
  std::unique_ptr<World> world_;
  std::unique_ptr<fuzz::Executor> executor_;
  bool first_ = true;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_SIM_SIDE_H_
