// PhysicalMemory's bytes: patterns, free frames, checkpoint, reset and proof.
#include <algorithm>
#include <cstring>

#include "sim/hw/physical_memory.h"

namespace drydock::hw {
namespace {

constexpr uint64_t kWordsPerPage = kPageSize / sizeof(uint64_t);

uint64_t HashWords(uint64_t hash, const unsigned char* bytes, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

uint64_t PhysicalMemory::PatternWord(PhysAddr phys, Holds pattern) {
  switch (pattern) {
    case kNever:
      return UninitialisedWord(phys);
    case kFreedPattern:
      return FreedWord(phys);
    case kForeign:
      return ForeignWord(phys);
    case kZero:
    case kUnknown:
      break;
  }
  return 0;
}

void PhysicalMemory::FillPage(uint64_t frame_index, Holds pattern) const {
  // Of a page that the driver may write unseen, or that a reset copies back, nothing is known for
  // long.
  const bool unsure = ram_.Writable(frame_index) || ram_.Kept(frame_index);
  if (holds_[frame_index] == pattern) {
    if (unsure) holds_[frame_index] = kUnknown;
    return;
  }
  ram_.MarkDirty(frame_index);
  auto* words = reinterpret_cast<uint64_t*>(ram_.Plain(frame_index));
  if (pattern == kZero) {
    std::memset(words, 0, kPageSize);
  } else {
    const PhysAddr phys = PhysAddr::Of(PfnAt(frame_index));
    uint64_t word = PatternWord(phys, pattern);
    const uint64_t step = PatternWord(phys + 8, pattern) - word;
    for (uint64_t i = 0; i < kWordsPerPage; ++i, word += step) words[i] = word;
  }
  holds_[frame_index] = unsure ? kUnknown : pattern;
}

void PhysicalMemory::Fill(PhysAddr phys, size_t size_bytes, Holds pattern) {
  while (size_bytes != 0) {
    const uint64_t frame_index = FrameIndex(phys.pfn());
    const size_t offset = phys.value & kPageMask;
    const size_t piece = std::min<size_t>(size_bytes, kPageSize - offset);
    if (piece == kPageSize) {
      FillPage(frame_index, pattern);
    } else {
      MarkDirty(phys.pfn(), offset, piece);
      unsigned char* to = ram_.Plain(frame_index) + offset;
      for (size_t done = 0; done < piece; done += sizeof(uint64_t)) {
        const uint64_t word = PatternWord(phys + done, pattern);
        std::memcpy(to + done, &word, std::min(sizeof word, piece - done));
      }
    }
    phys = phys + piece;
    size_bytes -= piece;
  }
}

void PhysicalMemory::ShowFree(uint64_t frame_index) const {
  const Frame& frame = frames_[frame_index];
  if (frame.free_content == FreeContent::kWritten) return;
  FillPage(frame_index, frame.free_content == FreeContent::kFreed ? kFreedPattern : kNever);
}

unsigned char* PhysicalMemory::Plain(Pfn pfn) const {
  const uint64_t frame_index = FrameIndex(pfn);
  if (frames_[frame_index].kind == FrameKind::kFree) ShowFree(frame_index);
  return ram_.Plain(frame_index);
}

void PhysicalMemory::MarkDirty(Pfn pfn, size_t offset, size_t size_bytes) {
  const uint64_t frame_index = FrameIndex(pfn);
  const Frame& frame = frames_[frame_index];
  if (frame.kind == FrameKind::kFree && frame.free_content != FreeContent::kWritten) {
    ShowFree(frame_index);
    frames_.Mut(frame_index).free_content = FreeContent::kWritten;
  }
  holds_[frame_index] = kUnknown;
  ram_.MarkDirty(frame_index, offset, size_bytes);
}

void PhysicalMemory::Checkpoint() {
  std::vector<uint8_t> keep(kFrames);
  for (uint64_t i = 0; i < kFrames; ++i) {
    const Frame& frame = frames_[i];
    keep[i] = frame.kind != FrameKind::kFree || frame.free_content == FreeContent::kWritten;
    if (keep[i] != 0 || ram_.Writable(i)) holds_[i] = kUnknown;
  }
  ram_.Checkpoint(keep);
  page_structs_.Checkpoint(std::vector<uint8_t>(page_structs_.pages(), 1));
}

const char* PhysicalMemory::FirstDifference() const {
  if (!ram_.EqualsCheckpoint()) return "RAM bytes or poison";
  if (!page_structs_.EqualsCheckpoint()) return "struct pages";
  return nullptr;
}

uint64_t PhysicalMemory::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t i = 0; i < kFrames; ++i) {
    const Frame& frame = frames_[i];
    if (frame.kind == FrameKind::kFree && frame.free_content != FreeContent::kWritten) continue;
    hash = HashWords(hash ^ i, ram_.Plain(i), kPageSize);
  }
  for (uint64_t i = 0; i < page_structs_.pages(); ++i) {
    hash = HashWords(hash, page_structs_.Plain(i), kPageSize);
  }
  return hash;
}

}  // namespace drydock::hw
