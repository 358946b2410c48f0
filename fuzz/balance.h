// Whether a driver counts its mappings when they become more without mmap(2): a part of a mapping
// is unmapped, a process forks, mremap moves it (C38, C39, C41; O6).
//
// The kernel calls ->open for each copy of a VMA and ->close for each VMA; whether a driver counts
// in them shows in its memory. So short programs are run and the driver's memory is looked at in
// between. What mmap changes and munmap puts back is state about mappings: a counter, a reference,
// a flag. If after the copy and all the closes it is not put back, or is put back while a part is
// still mapped, the copy was not counted. Nothing is claimed about state of any other kind.
#ifndef DRYDOCK_FUZZ_BALANCE_H_
#define DRYDOCK_FUZZ_BALANCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/elf_image.h"
#include "fuzz/executor.h"
#include "fuzz/program.h"
#include "sim/kernel/mm.h"
#include "sim/world.h"

namespace drydock::fuzz {

class Balance {
 public:
  // All outlive it; `image` names the driver's variables and may be nullptr.
  Balance(World& world, Executor& executor, const ElfImage* image)
      : world_(world), executor_(executor), image_(image) {}

  // "" if copies of this kind are counted, or cannot be made, as may_split refuses them; else what
  // shows that they are not: "`mappings`: 0 before mmap, 1 while mapped, -1 after ...". The mapping
  // is the one that step `maker` of `program` makes. Resets the world, and leaves it in any state.
  std::string WhyUncounted(const Program& program, uint32_t maker, kernel::CopyKind kind);

 private:
  // A piece of the driver's memory that was there before the mmap.
  struct Piece {
    uint32_t allocation = 0;  // 0: the driver's .data and .bss
    uint64_t serial = 0;
    size_t first = 0;  // word
    size_t words = 0;
    size_t size_bytes = 0;
    bool counts = false;  // the words are the reference counts of its pages, not its content
  };
  struct State {
    std::vector<uint32_t> words;
    std::vector<uint8_t> gone;  // by piece: 1 if its allocation is no more
    uint32_t allocations = 0;   // live ones
  };
  class Looker;

  bool Probe(const Program& program, std::vector<State>* states);
  State Look();
  void FindPieces();
  std::string NameOf(size_t word) const;

  World& world_;
  Executor& executor_;
  const ElfImage* image_;
  std::vector<Piece> pieces_;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_BALANCE_H_
