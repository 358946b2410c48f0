// Mutable state of the world that can be put back: each piece keeps a snapshot and knows whether it
// was touched since. Reset costs what was touched; nothing is allocated after construction.
//
// State is reached for writing through Mut() alone, so a write that reset does not know of does
// not compile. Types must have unique object representations (no padding): the world's hash and the
// proof of reset compare bytes.
#ifndef DRYDOCK_SIM_HW_TRACKED_H_
#define DRYDOCK_SIM_HW_TRACKED_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace drydock::hw {

class TrackedBase;

// Everything of one world that Reset() puts back, in order of construction.
class ResetList {
 public:
  ResetList() = default;
  ResetList(const ResetList&) = delete;
  ResetList& operator=(const ResetList&) = delete;

  // Makes the present state the one that Reset() returns to.
  void Checkpoint();
  // Puts back what was touched since Checkpoint().
  void Reset();
  // Hash over all state bytes (FNV-1a, 64 bit): equal states, equal hashes.
  uint64_t Hash() const;
  // Compares every byte with the snapshot, touched or not. Returns the name of the first piece that
  // differs, or nullptr. For tests and debug builds.
  const char* FirstDifference() const;

 private:
  friend class TrackedBase;
  std::vector<TrackedBase*> all_;
  std::vector<TrackedBase*> touched_;
};

class TrackedBase {
 public:
  TrackedBase(const TrackedBase&) = delete;
  TrackedBase& operator=(const TrackedBase&) = delete;

 protected:
  TrackedBase(ResetList& list, const char* name) : list_(list), name_(name) {
    list.all_.push_back(this);
    list.touched_.reserve(list.all_.size());
  }
  virtual ~TrackedBase() = default;
  void NoteTouched() {
    if (!touched_) {
      touched_ = true;
      list_.touched_.push_back(this);
    }
  }
  bool touched() const { return touched_; }

 private:
  friend class ResetList;
  virtual void TakeSnapshot() = 0;
  virtual void Restore() = 0;
  virtual const void* Bytes(size_t* size) const = 0;
  virtual const void* SnapshotBytes() const = 0;
  ResetList& list_;
  const char* name_;
  bool touched_ = false;
};

// One value. Mut() marks the whole of it.
template <class T>
class Tracked final : public TrackedBase {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);

 public:
  Tracked(ResetList& list, const char* name)
      : TrackedBase(list, name), now_(std::make_unique<T>()), then_(std::make_unique<T>()) {}

  const T& operator*() const { return *now_; }
  const T* operator->() const { return now_.get(); }
  T& Mut() {
    NoteTouched();
    return *now_;
  }

 private:
  void TakeSnapshot() override { *then_ = *now_; }
  void Restore() override { *now_ = *then_; }
  const void* Bytes(size_t* size) const override {
    *size = sizeof(T);
    return now_.get();
  }
  const void* SnapshotBytes() const override { return then_.get(); }
  std::unique_ptr<T> now_, then_;
};

// An array of `count` elements, fixed at construction. Mut(i) marks element i.
template <class T>
class TrackedArray final : public TrackedBase {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);

 public:
  TrackedArray(ResetList& list, const char* name, size_t count)
      : TrackedBase(list, name), now_(count), then_(count), dirty_(count) {
    order_.reserve(count);
  }

  size_t size() const { return now_.size(); }
  const T& operator[](size_t index) const { return now_[index]; }
  const T* data() const { return now_.data(); }
  T& Mut(size_t index) {
    if (dirty_[index] == 0) {
      dirty_[index] = 1;
      order_.push_back(static_cast<uint32_t>(index));
      NoteTouched();
    }
    return now_[index];
  }
  size_t IndexOf(const T* element) const { return static_cast<size_t>(element - now_.data()); }
  bool Contains(const void* p) const { return p >= now_.data() && p < now_.data() + now_.size(); }

 private:
  void TakeSnapshot() override {
    then_ = now_;
    Forget();
  }
  void Restore() override {
    for (uint32_t index : order_) {
      std::memcpy(static_cast<void*>(&now_[index]), &then_[index], sizeof(T));
    }
    Forget();
  }
  void Forget() {
    for (uint32_t index : order_) dirty_[index] = 0;
    order_.clear();
  }
  const void* Bytes(size_t* size) const override {
    *size = now_.size() * sizeof(T);
    return now_.data();
  }
  const void* SnapshotBytes() const override { return then_.data(); }
  std::vector<T> now_, then_;
  std::vector<uint8_t> dirty_;
  std::vector<uint32_t> order_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_TRACKED_H_
