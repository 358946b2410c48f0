// Mutable state of the world that can be put back: each piece keeps a snapshot and knows whether it
// was touched since. Reset costs what was touched; nothing is allocated after construction.
//
// The first write since the last reset notes one Undo, by element; what that costs is paid in every
// run of every program, so it is a comparison and a store of four words, inline.
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

// How one touched element is put back.
struct Undo {
  void* now;
  const void* then;
  size_t size_bytes;
  uint8_t* touched;  // 1 while this is noted
};

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

  // For Mut(). Precondition: *undo.touched is 0.
  void Note(const Undo& undo) {
    *undo.touched = 1;
    undos_[undo_count_++] = undo;
  }

 private:
  friend class TrackedBase;
  void Add(TrackedBase* piece, size_t elements);
  void NoteForEver(void* now, const void* then, size_t size_bytes);
  void Forget();
  std::vector<TrackedBase*> all_;
  std::vector<Undo> always_;       // until the next Checkpoint()
  std::unique_ptr<Undo[]> undos_;  // room for every element: each is noted once
  size_t undo_count_ = 0, undo_capacity_ = 0, elements_ = 0;
};

class TrackedBase {
 public:
  TrackedBase(const TrackedBase&) = delete;
  TrackedBase& operator=(const TrackedBase&) = delete;

 protected:
  TrackedBase(ResetList& list, const char* name, size_t elements) : list_(list), name_(name) {
    list.Add(this, elements);
  }
  virtual ~TrackedBase() = default;
  void NoteForEver(void* now, const void* then, size_t size_bytes) {
    list_.NoteForEver(now, then, size_bytes);
  }
  ResetList& list_;

 private:
  friend class ResetList;
  virtual void TakeSnapshot() = 0;
  virtual const void* Bytes(size_t* size) const = 0;
  virtual const void* SnapshotBytes() const = 0;
  const char* name_;
};

// One value. Mut() marks the whole of it.
template <class T>
class Tracked final : public TrackedBase {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);

 public:
  Tracked(ResetList& list, const char* name) : TrackedBase(list, name, 1) {}

  const T& operator*() const { return now_; }
  const T* operator->() const { return &now_; }
  T& Mut() {
    if (touched_ == 0) list_.Note({&now_, &then_, sizeof(T), &touched_});
    return now_;
  }

 private:
  void TakeSnapshot() override { then_ = now_; }
  const void* Bytes(size_t* size) const override {
    *size = sizeof(T);
    return &now_;
  }
  const void* SnapshotBytes() const override { return &then_; }
  T now_{}, then_{};
  uint8_t touched_ = 0;
};

// An array of `count` elements, fixed at construction. Mut(i) marks element i.
template <class T>
class TrackedArray final : public TrackedBase {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);

 public:
  TrackedArray(ResetList& list, const char* name, size_t count)
      : TrackedBase(list, name, count), now_(count), then_(count), touched_(count) {}

  size_t size() const { return now_.size(); }
  const T& operator[](size_t index) const { return now_[index]; }
  const T* data() const { return now_.data(); }
  T& Mut(size_t index) {
    if (touched_[index] == 0) {
      list_.Note({&now_[index], &then_[index], sizeof(T), &touched_[index]});
    }
    return now_[index];
  }
  // From now until the next Checkpoint(), each Reset() puts back these bytes of element i, whoever
  // wrote them: for what drivers write to without a call. Allocates; for set-up.
  void PutBackAlways(size_t index, size_t offset_bytes, size_t size_bytes) {
    NoteForEver(reinterpret_cast<unsigned char*>(&now_[index]) + offset_bytes,
                reinterpret_cast<const unsigned char*>(&then_[index]) + offset_bytes, size_bytes);
  }
  size_t IndexOf(const T* element) const { return static_cast<size_t>(element - now_.data()); }
  bool Contains(const void* p) const { return p >= now_.data() && p < now_.data() + now_.size(); }

 private:
  void TakeSnapshot() override { then_ = now_; }  // of the same size: it stays where it is
  const void* Bytes(size_t* size) const override {
    *size = now_.size() * sizeof(T);
    return now_.data();
  }
  const void* SnapshotBytes() const override { return then_.data(); }
  std::vector<T> now_, then_;
  std::vector<uint8_t> touched_;  // by element
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_TRACKED_H_
