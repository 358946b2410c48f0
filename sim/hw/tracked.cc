#include "sim/hw/tracked.h"

#include <algorithm>
#include <utility>

#include "sim/hw/page_copy.h"

namespace drydock::hw {

void ResetList::Add(TrackedBase* piece, size_t elements) {
  all_.push_back(piece);
  elements_ += elements;
  if (elements_ <= undo_capacity_) return;
  undo_capacity_ = 2 * elements_;
  auto grown = std::make_unique_for_overwrite<Undo[]>(undo_capacity_);
  std::copy_n(undos_.get(), undo_count_, grown.get());
  undos_ = std::move(grown);
}

void ResetList::Checkpoint() {
  for (TrackedBase* piece : all_) piece->TakeSnapshot();
  always_.clear();
  Forget();
}

void ResetList::Reset() {
  for (const Undo& undo : always_) CopyPlain(undo.now, undo.then, undo.size_bytes);
  for (size_t i = 0; i < undo_count_; ++i) {
    const Undo& undo = undos_[i];
    CopyPlain(undo.now, undo.then, undo.size_bytes);
    *undo.touched = 0;
  }
  undo_count_ = 0;
}

void ResetList::Forget() {
  for (size_t i = 0; i < undo_count_; ++i) *undos_[i].touched = 0;
  undo_count_ = 0;
}

void ResetList::NoteForEver(void* now, const void* then, size_t size_bytes) {
  always_.push_back({now, then, size_bytes, nullptr});
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
