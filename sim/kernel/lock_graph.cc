#include "sim/kernel/lock_graph.h"

namespace drydock::kernel {

LockGraph::LockGraph(hw::ResetList& list)
    : classes_(list, "lock classes", kMaxClasses),
      count_(list, "lock class count"),
      after_(list, "lock order", kMaxClasses),
      reported_(list, "lock order reports", kMaxClasses),
      slept_(list, "sleep reports"),
      usage_(list, "lock usage", kMaxClasses) {}

uint32_t LockGraph::ClassOf(uint64_t key, const char* name) {
  for (uint32_t i = 0; i < *count_; ++i) {
    if (classes_[i].key == key) return i + 1;
  }
  if (*count_ == kMaxClasses) return 0;
  const uint32_t index = count_.Mut()++;
  classes_.Mut(index) = {key, reinterpret_cast<uint64_t>(name)};
  return index + 1;
}

uint32_t LockGraph::SubclassOf(uint32_t class_id, uint32_t subclass) {
  if (class_id == 0) return 0;
  const Class& of = classes_[class_id - 1];
  // (Keys are addresses: their highest bits are the same.)
  return ClassOf(of.key ^ (uint64_t{subclass} << 56), reinterpret_cast<const char*>(of.name));
}

const char* LockGraph::NameOf(uint32_t class_id) const {
  if (class_id == 0 || class_id > *count_) return "a lock";
  const auto* name = reinterpret_cast<const char*>(classes_[class_id - 1].name);
  return name != nullptr ? name : "a zeroed lock";
}

bool LockGraph::AddOrder(uint32_t before, uint32_t after) {
  if (before == 0 || after == 0 || before == after) return true;
  const uint32_t first = before - 1;
  const uint32_t second = after - 1;
  if (after_[first].Has(second)) return true;
  if (!Reaches(second, first)) {
    after_.Mut(first).Add(second);
    return true;
  }
  const uint32_t low = first < second ? first : second;
  const uint32_t high = first < second ? second : first;
  if (reported_[low].Has(high)) return true;
  reported_.Mut(low).Add(high);
  return false;
}

bool LockGraph::FirstRecursion(uint32_t class_id) {
  if (class_id == 0 || reported_[class_id - 1].Has(class_id - 1)) return false;
  reported_.Mut(class_id - 1).Add(class_id - 1);
  return true;
}

bool LockGraph::FirstSleepComplaint(uint32_t class_id) {
  const uint32_t index = class_id % kMaxClasses;
  if (slept_->Has(index)) return false;
  slept_.Mut().Add(index);
  return true;
}

bool LockGraph::Conflicts(uint32_t class_id, Usage usage) {
  constexpr uint32_t kTold = 1u << 16;
  if (class_id == 0) return false;
  const uint32_t seen = usage_[class_id - 1];
  const uint32_t bit = 1u << usage;
  const uint32_t other = 1u << (usage ^ 1u);
  if ((seen & bit) != 0 && ((seen & other) == 0 || (seen & kTold) != 0)) return false;
  uint32_t& noted = usage_.Mut(class_id - 1);
  noted |= bit;
  if ((seen & other) == 0 || (seen & kTold) != 0) return false;
  noted |= kTold;
  return true;
}

bool LockGraph::Reaches(uint32_t from, uint32_t to) const {
  Row seen{};
  uint32_t stack[kMaxClasses];
  uint32_t depth = 0;
  stack[depth++] = from;
  seen.Add(from);
  while (depth > 0) {
    const uint32_t at = stack[--depth];
    if (at == to) return true;
    for (uint32_t next = 0; next < *count_; ++next) {
      if (after_[at].Has(next) && !seen.Has(next)) {
        seen.Add(next);
        stack[depth++] = next;
      }
    }
  }
  return false;
}

}  // namespace drydock::kernel
