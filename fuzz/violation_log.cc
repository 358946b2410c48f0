#include "fuzz/violation_log.h"

#include <algorithm>
#include <cstdio>

#include "fuzz/observation_text.h"
#include "fuzz/violation_classes.h"

namespace drydock::fuzz {

ViolationKey SeenViolations::KeyOf(const kernel::Violation& violation) const {
  return {violation.class_number, violation.oracle, violation.variant, violation.trap,
          violation.driver_pc == 0 ? std::string_view() : image_.FunctionAt(violation.driver_pc)};
}

bool SeenViolations::IsNew(const kernel::Violation& violation) {
  uint64_t hash = violation.driver_pc * 0x9e3779b97f4a7c15u;
  hash ^= (uint64_t{violation.variant} << 24 | uint64_t{violation.class_number} << 16 |
           uint64_t{violation.oracle} << 8 | static_cast<uint64_t>(violation.trap)) *
          0xff51afd7ed558ccdu;
  hash |= 1;
  size_t slot = hash >> 52;
  for (size_t i = 0; i < 16; ++i, slot = (slot + 1) % kSlots) {
    if (raw_[slot] == hash) return false;
    if (raw_[slot] == 0) break;
  }
  raw_[slot] = hash;
  const ViolationKey key = KeyOf(violation);
  if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) return false;
  if (keys_.size() == kCapacity) return false;
  keys_.push_back(key);
  return true;
}

bool SeenViolations::Knows(const kernel::Violation& violation) const {
  return std::find(keys_.begin(), keys_.end(), KeyOf(violation)) != keys_.end();
}

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      *out += escape;
    } else {
      *out += c;
    }
  }
  *out += '"';
}

std::string FormatViolationLine(const ViolationLine& line) {
  std::string out = "{";
  const auto name = [&](const char* key) {
    if (out.size() > 1) out += ',';
    AppendJsonString(key, &out);
    out += ':';
  };
  const auto number = [&](const char* key, uint64_t value) {
    name(key);
    out += std::to_string(value);
  };
  const auto text = [&](const char* key, std::string_view value) {
    name(key);
    AppendJsonString(value, &out);
  };
  const kernel::Violation& v = line.violation;
  text("class", ClassOf(v.class_number, v.trap).id);
  number("oracle", v.oracle);
  number("trap", static_cast<uint64_t>(v.trap));
  number("driver_pc", v.driver_pc);
  text("function", line.function);
  number("step", v.step);
  text("expected", v.expected);
  text("seen", v.seen);
  number("executions", line.executions);
  text("program", FormatProgram(line.program, line.nodes));
  name("results");
  out += '[';
  for (size_t i = 0; i < line.program.step_count && i < line.observations.size(); ++i) {
    if (i != 0) out += ',';
    AppendJsonString(FormatObservation(line.program.steps[i], line.observations[i]), &out);
  }
  out += ']';
  text("maps", line.maps);
  return out + "}";
}

}  // namespace drydock::fuzz
