// Seeds are kept as text (fuzz/corpus/*.prog) and become bytes for the driver that is loaded.
#ifndef DRYDOCK_FUZZ_SEEDS_H_
#define DRYDOCK_FUZZ_SEEDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/session.h"

namespace drydock::fuzz {

// Whether an input is a program's text rather than its bytes.
bool IsProgramText(std::span<const uint8_t> input);
// Writes the bytes of the program that `text` is to `out`: how many, 0 if it names a node that the
// driver has not. `*error` is "" or one line that names `file_name`; then 0.
size_t EncodeText(std::string_view text, std::string_view file_name, const Session& session,
                  std::span<uint8_t, kMaxEncodedBytes> out, std::string* error);

// Encodes every .prog below `seeds` into a file of `corpus`; nothing to do if either is "". Seeds
// that name a node which the driver has not are left out. Returns "" or one line that says what is
// wrong.
std::string WriteSeeds(const std::string& seeds, const std::string& corpus, const Session& session);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_SEEDS_H_
