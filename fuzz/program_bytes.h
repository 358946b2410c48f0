// The bytes form of programs: what libFuzzer mutates. Every byte string decodes to a valid program,
// and the encoding leans to the boundaries where mmap handlers go wrong (docs/programs.md).
//
//   byte 0          0x00..0xbf: nothing; 0xc0 + k: allocation k + 1 of the run fails
//   then steps      a selector byte, then operands; operands past the end of the input are zero
//
// Zero bytes are the plain case: 00 00 00 00 00 opens node 0 for reading and writing and maps one
// page of it, shared, at offset 0. A step that needs a descriptor or a mapping where there is none
// yet gets one made before it. Decoding allocates nothing.
#ifndef DRYDOCK_FUZZ_PROGRAM_BYTES_H_
#define DRYDOCK_FUZZ_PROGRAM_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/program.h"

namespace drydock::fuzz {

// The longest encoding of any program.
inline constexpr size_t kMaxEncodedBytes = 1024;

struct Encoding {
  Header header = {};         // taken over, apart from fail_allocation
  uint64_t object_pages = 0;  // pages of the driver's buffer (NP); 0 = unknown, 16 is used
  uint8_t node_count = 1;     // 1 to kMaxNodes
};

// Where steps begin in a byte string; for mutators that work step by step.
struct StepBoundaries {
  size_t count = 0;  // of steps that the bytes name; the decoder may have added others
  size_t at[kMaxSteps + 1] = {};
};

Program Decode(std::span<const uint8_t> bytes, const Encoding& encoding,
               StepBoundaries* boundaries = nullptr);
// The same into a program that is there already (it must be one: past its steps there are Step{}),
// for the price of the steps.
void DecodeTo(Program* program, std::span<const uint8_t> bytes, const Encoding& encoding,
              StepBoundaries* boundaries = nullptr);

// Writes the shortest form this encoder knows to `out` and returns how many bytes that are.
// Preconditions: IsValid(program); its nodes are below encoding.node_count.
// Decode(Encode(p)) == p, if the headers agree.
size_t Encode(const Program& program, const Encoding& encoding,
              std::span<uint8_t, kMaxEncodedBytes> out);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_BYTES_H_
