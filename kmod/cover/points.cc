#include "kmod/cover/points.h"

#include <charconv>
#include <cstdlib>
#include <sstream>

namespace drydock::kmod {
namespace {

constexpr std::string_view kCallback = "__sanitizer_cov_trace_pc";
constexpr uint64_t kCallBytes = 5;  // e8 and a displacement
constexpr uint64_t kDisplacementBytes = 4;

bool IsHex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

std::vector<uint64_t> CallPoints(std::string_view objdump) {
  std::vector<uint64_t> points;
  std::istringstream lines{std::string(objdump)};
  bool in_text = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Disassembly of section ")) in_text = line.ends_with(" .text:");
    if (!in_text || line.find(kCallback) == line.npos) continue;
    const size_t begin = line.find_first_not_of(" \t");
    const size_t colon = line.find(':');
    if (colon == line.npos || !IsHex(std::string_view(line).substr(begin, colon - begin))) continue;
    const uint64_t at = std::strtoull(line.c_str() + begin, nullptr, 16);
    if (line.find("R_X86_64_PLT32") != line.npos || line.find("R_X86_64_PC32") != line.npos) {
      points.push_back(at + kDisplacementBytes);
    } else if (line.find("call") != line.npos) {
      points.push_back(at + kCallBytes);
    }
  }
  return points;
}

bool SymbolAt(std::string_view nm, std::string_view name, uint64_t* at) {
  std::istringstream lines{std::string(nm)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string value, kind, symbol;
    if (!(words >> value >> kind >> symbol) || symbol != name || !IsHex(value)) continue;
    *at = std::strtoull(value.c_str(), nullptr, 16);
    return true;
  }
  return false;
}

std::vector<Place> ReadPlaces(std::string_view addr2line) {
  std::vector<Place> places;
  std::istringstream lines{std::string(addr2line)};
  std::string function, where;
  while (std::getline(lines, function) && std::getline(lines, where)) {
    Place place;
    place.function = function.substr(0, function.find('.'));
    const size_t colon = where.rfind(':');
    const std::string file = where.substr(0, colon);
    place.file = file.substr(file.rfind('/') + 1);
    if (colon != where.npos) {
      std::from_chars(where.data() + colon + 1, where.data() + where.size(), place.line);
    }
    places.push_back(std::move(place));
  }
  return places;
}

Reached ReachedOf(const std::vector<uint64_t>& points, const std::vector<Place>& places,
                  const std::set<uint64_t>& told, const std::set<std::string>& files) {
  Reached reached;
  for (size_t i = 0; i < points.size() && i < places.size(); ++i) {
    const Place& place = places[i];
    if (place.line == 0 || !files.contains(place.file)) continue;
    const bool ran = told.contains(points[i]);
    bool& function = reached.functions[place.function];
    function = function || ran;
    bool& line = reached.lines[{place.file, place.line}];
    line = line || ran;
  }
  return reached;
}

CoverComparison CompareReached(const Reached& sim, const Reached& linux) {
  CoverComparison all;
  const auto who = [](bool in_sim) {
    return in_sim ? std::string("the simulation alone") : std::string("the kernel alone");
  };
  for (const auto& [name, ran] : sim.functions) {
    const auto there = linux.functions.find(name);
    if (there == linux.functions.end()) continue;
    ++all.functions;
    all.functions_reached += ran && there->second;
    if (ran != there->second) all.differences.push_back(name + "(): " + who(ran));
  }
  for (const auto& [place, ran] : sim.lines) {
    const auto there = linux.lines.find(place);
    if (there == linux.lines.end()) {
      ++all.lines_of_one;
      continue;
    }
    ++all.lines;
    all.lines_reached += ran && there->second;
    if (ran != there->second) {
      all.differences.push_back(place.first + ":" + std::to_string(place.second) + ": " + who(ran));
    }
  }
  for (const auto& [place, ran] : linux.lines) all.lines_of_one += !sim.lines.contains(place);
  return all;
}

std::set<uint64_t> OffsetsIn(const std::vector<uint8_t>& map, int64_t first) {
  std::set<uint64_t> offsets;
  for (size_t i = 0; i < map.size() * 8; ++i) {
    if ((map[i / 8] >> (i % 8) & 1) == 0) continue;
    const int64_t at = first + static_cast<int64_t>(i);
    if (at >= 0) offsets.insert(static_cast<uint64_t>(at));
  }
  return offsets;
}

}  // namespace drydock::kmod
