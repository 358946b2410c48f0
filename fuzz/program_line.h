// One line of a program's text. What stands on it: program_parse.cc, program_steps.h.
#ifndef DRYDOCK_FUZZ_PROGRAM_LINE_H_
#define DRYDOCK_FUZZ_PROGRAM_LINE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace drydock::fuzz {

// One line, read from left to right. The first thing that does not fit is remembered in `error`.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) { Blanks(); }

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  bool AtEnd() const { return rest_.empty(); }
  void Fail(std::string what);
  bool NextIs(std::string_view literal) const { return rest_.starts_with(literal); }
  bool Accept(std::string_view literal);
  void Expect(std::string_view literal);
  std::string_view Word(std::string_view more = "");
  uint64_t Number();
  // `4 pages`, `1 page`, `100 bytes`.
  uint64_t Bytes();
  // `fd0`, `m3`, `p1`: the number after the prefix.
  uint8_t Reference(std::string_view prefix, const char* what);
  std::string Quoted();
  std::string Here() const;

 private:
  void Blanks();
  std::string_view rest_;
  std::string error_;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_LINE_H_
