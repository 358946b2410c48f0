// A process's address space as /proc/PID/maps shows it, for people.
#ifndef DRYDOCK_FUZZ_MAPS_TEXT_H_
#define DRYDOCK_FUZZ_MAPS_TEXT_H_

#include <cstdint>
#include <string>

#include "sim/world.h"

namespace drydock::fuzz {

// As sim/kernel/maps_text.h says: a line for each mapping with the node it is of, and below it one
// for each run of pages that are there, with the first frame and whose it is (provenance.h).
// `process` is the world's number. Empty if the process is gone or has no mappings.
std::string MapsText(World& world, uint32_t process);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_MAPS_TEXT_H_
