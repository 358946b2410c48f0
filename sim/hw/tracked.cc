#include "sim/hw/tracked.h"

namespace drydock::hw {

void ResetList::Checkpoint() {
  for (TrackedBase* piece : all_) {
    piece->TakeSnapshot();
    piece->touched_ = false;
  }
  touched_.clear();
}

void ResetList::Reset() {
  for (TrackedBase* piece : touched_) {
    piece->Restore();
    piece->touched_ = false;
  }
  touched_.clear();
}

uint64_t ResetList::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  for (const TrackedBase* piece : all_) {
    size_t size = 0;
    const auto* bytes = static_cast<const unsigned char*>(piece->Bytes(&size));
    for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  }
  return hash;
}

const char* ResetList::FirstDifference() const {
  for (const TrackedBase* piece : all_) {
    size_t size = 0;
    const void* bytes = piece->Bytes(&size);
    if (size != 0 && std::memcmp(bytes, piece->SnapshotBytes(), size) != 0) return piece->name_;
  }
  return nullptr;
}

}  // namespace drydock::hw
