// Seeds are kept as text (fuzz/corpus/*.prog) and become bytes for the driver that is loaded.
#ifndef DRYDOCK_FUZZ_SEEDS_H_
#define DRYDOCK_FUZZ_SEEDS_H_

#include <string>

#include "fuzz/session.h"

namespace drydock::fuzz {

// Encodes every .prog below `seeds` into a file of `corpus`; nothing to do if either is "". Seeds
// that name a node which the driver has not are left out. Returns "" or one line that says what is
// wrong.
std::string WriteSeeds(const std::string& seeds, const std::string& corpus, const Session& session);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_SEEDS_H_
