#include "fuzz/program_line.h"

#include <cctype>
#include <optional>
#include <utility>

#include "fuzz/linux_names.h"
#include "fuzz/program.h"

namespace drydock::fuzz {

void Line::Fail(std::string what) {
  if (error_.empty()) error_ = std::move(what);
}

bool Line::Accept(std::string_view literal) {
  if (!rest_.starts_with(literal)) return false;
  rest_.remove_prefix(literal.size());
  Blanks();
  return true;
}

void Line::Expect(std::string_view literal) {
  if (!ok() || Accept(literal)) return;
  Fail("expected `" + std::string(literal) + "` " + Here());
}

std::string_view Line::Word(std::string_view more) {
  size_t n = 0;
  while (n < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[n])) != 0 ||
                              rest_[n] == '_' || more.find(rest_[n]) != more.npos)) {
    ++n;
  }
  const std::string_view word = rest_.substr(0, n);
  rest_.remove_prefix(n);
  Blanks();
  return word;
}

uint64_t Line::Number() {
  const std::string_view before = rest_;
  const std::optional<uint64_t> number = ParseNumber(Word());
  if (number) return *number;
  rest_ = before;
  Fail("expected a number " + Here());
  return 0;
}

uint64_t Line::Bytes() {
  const uint64_t count = Number();
  if (!ok()) return 0;
  const std::string_view unit = Word();
  if (unit == "byte" || unit == "bytes") return count;
  if (unit != "page" && unit != "pages") {
    Fail("a size needs its unit: write `" + std::to_string(count) + " pages` or `" +
         std::to_string(count) + " bytes`");
  } else if (count >= uint64_t{1} << 52) {
    Fail(std::to_string(count) + " pages are more than 64 bits of bytes: at most 2^52 - 1");
  }
  return Pages(count);
}

uint8_t Line::Reference(std::string_view prefix, const char* what) {
  const std::string_view before = rest_;
  const std::string_view word = Word();
  if (word.starts_with(prefix)) {
    const std::optional<uint64_t> number = ParseNumber(word.substr(prefix.size()));
    if (number && *number < kMaxSteps + 1) return static_cast<uint8_t>(*number);
  }
  rest_ = before;
  Fail("expected " + std::string(what) + " (`" + std::string(prefix) + "0`) " + Here());
  return 0;
}

std::string Line::Quoted() {
  Expect("\"");
  const size_t end = ok() ? rest_.find('"') : std::string_view::npos;
  if (end == std::string_view::npos) {
    Fail("expected a path in quotes, as \"/dev/pump\"");
    return {};
  }
  std::string text(rest_.substr(0, end));
  rest_.remove_prefix(end + 1);
  Blanks();
  return text;
}

std::string Line::Here() const {
  if (rest_.empty()) return "at the end of the line";
  return "before `" + std::string(rest_.substr(0, 24)) + "`";
}

void Line::Blanks() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
}

}  // namespace drydock::fuzz
