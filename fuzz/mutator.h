// Mutations that know where steps begin in the bytes form: insert, delete, repeat, swap and change
// one.
#ifndef DRYDOCK_FUZZ_MUTATOR_H_
#define DRYDOCK_FUZZ_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/program_bytes.h"

namespace drydock::fuzz {

// In a seed: not by libFuzzer's own mutations, which else do half of the work where they are
// linked.
inline constexpr uint32_t kByStep = 1;

// Changes the first `size` bytes of `data` in place; returns how many there are now (1 to
// data.size()). Deterministic in `seed`.
size_t Mutate(std::span<uint8_t> data, size_t size, uint32_t seed, const Encoding& encoding);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_MUTATOR_H_
