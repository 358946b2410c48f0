// Which lock class was taken while which other was held: the order graph of
// kernel/locking/lockdep.c.
#ifndef DRYDOCK_SIM_KERNEL_LOCK_GRAPH_H_
#define DRYDOCK_SIM_KERNEL_LOCK_GRAPH_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/tracked.h"

namespace drydock::kernel {

// A class is an init site: the text given to the init macro, by its address; a lock that was only
// zeroed is a class of its own. Classes are numbered from 1.
class LockGraph {
 public:
  static constexpr uint32_t kMaxClasses = 128;

  explicit LockGraph(hw::ResetList& list);

  // The class of `key`, made if new. 0 when there are kMaxClasses already: such a lock has no
  // order.
  uint32_t ClassOf(uint64_t key, const char* name);
  // The class of locks of `class_id` that were taken as of this subclass.
  uint32_t SubclassOf(uint32_t class_id, uint32_t subclass);
  // Never nullptr.
  const char* NameOf(uint32_t class_id) const;
  // Notes that `after` was taken while `before` was held. False if that closes a cycle which was
  // not reported yet; the edge is not added then, so that one mistake is one report.
  bool AddOrder(uint32_t before, uint32_t after);
  // True the first time for a class: two of it were held together.
  bool FirstRecursion(uint32_t class_id);
  // True the first time for a class: each complains once.
  bool FirstSleepComplaint(uint32_t class_id);

  // How a class of spinlocks was taken; the pairs (0, 1) and (2, 3) exclude each other.
  enum Usage : uint32_t { kInHardirq, kIrqsOn, kInSoftirq, kBhOn };
  // Notes it. True, once for a class, if the other of the pair was noted before.
  bool Conflicts(uint32_t class_id, Usage usage);

 private:
  static constexpr size_t kWords = (kMaxClasses + 63) / 64;
  struct Row {
    uint64_t bits[kWords];
    bool Has(uint32_t index) const { return (bits[index / 64] >> (index % 64) & 1) != 0; }
    void Add(uint32_t index) { bits[index / 64] |= uint64_t{1} << (index % 64); }
  };
  struct Class {
    uint64_t key;
    uint64_t name;  // a const char*, 0 for none
  };
  bool Reaches(uint32_t from, uint32_t to) const;

  hw::TrackedArray<Class> classes_;
  hw::Tracked<uint32_t> count_;
  hw::TrackedArray<Row> after_;     // by the class taken first
  hw::TrackedArray<Row> reported_;  // pairs whose cycle was told
  hw::Tracked<Row> slept_;
  hw::TrackedArray<uint32_t> usage_;  // bit by Usage; 16: was told
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_LOCK_GRAPH_H_
