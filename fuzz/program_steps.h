// The calls of a program's text, a line each. Not its header: program_parse.cc.
#ifndef DRYDOCK_FUZZ_PROGRAM_STEPS_H_
#define DRYDOCK_FUZZ_PROGRAM_STEPS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/linux_names.h"
#include "fuzz/program_line.h"
#include "fuzz/program_text.h"

namespace drydock::fuzz {

class StepsParser {
 public:
  // Outlives the parser; gets the steps and the nodes.
  explicit StepsParser(ParsedProgram* result) : result_(result) {}

  // Reads a line that has a call. What is wrong with it, the line says then.
  void ReadStep(Line& line);
  // After the last line: nullptr, or what is wrong. `node N` counts after the paths, and how many
  // these are is known at the end only.
  const char* Finish();

 private:
  bool ResultName(Line& line);
  void CheckResultName(bool named, const Step& step, Line& line);
  uint8_t Node(const std::string& path, Line& line);
  void NodeOf(Line& line, Step* step);
  void Place(Line& line, uint8_t* mapping, uint64_t* offset);
  void At(Line& line, std::string_view word, Step* step);
  void Range(Line& line, Step* step);
  // What follows a process whose memory is read or written.
  void Remote(Line& line, bool writes, Step* step);
  uint32_t Flags(Line& line, std::span<const NamedBits> names);
  void MmapTail(Line& line, Step* step);
  bool Call(std::string_view name, Line& line, Step* step);

  ParsedProgram* const result_;
  ResultCounts counts_;
  std::string_view name_;
  bool by_number_[kMaxSteps] = {};
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_STEPS_H_
