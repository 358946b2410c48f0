// Reads the text form: ParseProgram() and LoadProgram() of program_text.h.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "fuzz/linux_names.h"
#include "fuzz/program_line.h"
#include "fuzz/program_steps.h"
#include "fuzz/program_text.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

bool IsHeader(std::string_view text) {
  for (std::string_view key :
       {"profile ", "platform ", "core-guards ", "fail-allocation ", "load-trial "}) {
    if (text.starts_with(key)) return true;
  }
  return false;
}

void HeaderLine(Line& line, bool first, fuzz::Header* header) {
  if (first) {
    if (!line.Accept("drydock program ") || !line.Accept("1") || !line.AtEnd()) {
      line.Fail("not a program of version 1: the first line must be `drydock program 1`");
    }
    return;
  }
  const std::string_view key = line.Word("-");
  const std::string value(line.Word("-."));
  if (key == "profile") {
    int profile = 0;
    if (!ParseProfile(value, &profile)) {
      line.Fail("no kernel profile '" + value + "': write 6.1, 6.12 or 7.3");
    }
    header->profile = static_cast<uint16_t>(profile);
  } else if (key == "platform") {
    const hw::Platform* platform = hw::FindPlatform(value);
    if (platform == nullptr) {
      line.Fail("no platform '" + value + "': see `drydock check --help` for their names");
      return;
    }
    header->platform = static_cast<uint8_t>(platform - hw::Platforms().data());
  } else if (key == "core-guards") {
    if (value != "on" && value != "off") line.Fail("core-guards is `on` or `off`");
    header->core_guards = value == "on";
  } else if (key == "fail-allocation") {
    const std::optional<uint64_t> number = ParseNumber(value);
    if (!number || *number > kMaxFailAllocation) {
      line.Fail("fail-allocation is 0 (none) to " + std::to_string(kMaxFailAllocation));
      return;
    }
    header->fail_allocation = static_cast<uint32_t>(*number);
  } else if (key == "load-trial") {
    const std::optional<uint64_t> number = ParseNumber(value);
    if (!number || *number > kMaxLoadTrial) {
      line.Fail("load-trial is 0 (no allocation fails) to " + std::to_string(kMaxLoadTrial));
      return;
    }
    header->load_trial = static_cast<uint32_t>(*number);
  }
}

}  // namespace

ParsedProgram ParseProgram(std::string_view text, std::string_view file_name) {
  ParsedProgram result;
  StepsParser steps(&result);
  auto fail = [&](size_t line, const std::string& what) {
    result.error = std::string(file_name) + ":" + std::to_string(line) + ": " + what;
    return result;
  };
  if (text.size() > kMaxTextBytes) {
    return fail(
        1, "too long for a program (" + std::to_string(text.size()) + " bytes): at most 64 KiB");
  }
  size_t number = 0;
  bool first = true;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(number, "the last line has no end: the file was cut off, write it anew");
    }
    std::string_view body = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (body.find('\0') != std::string_view::npos) return fail(number, "not text: a zero byte");
    if (body.ends_with('\r')) body.remove_suffix(1);
    body = body.substr(0, body.find('#'));
    while (!body.empty() && (body.back() == ' ' || body.back() == '\t')) body.remove_suffix(1);
    Line line(body);
    if (line.AtEnd()) continue;
    if (first || IsHeader(body)) {
      if (!first && result.program.step_count != 0) {
        return fail(number, "header lines come before the first call: move it up");
      }
      HeaderLine(line, first, &result.program.header);
      first = false;
      if (line.ok() && !line.AtEnd()) line.Fail("too much on this line " + line.Here());
    } else {
      steps.ReadStep(line);
    }
    if (!line.ok()) return fail(number, line.error());
  }
  if (first) return fail(1, "empty: the first line must be `drydock program 1`");
  const bool loads = result.program.header.load_trial != kNoLoadTrial;
  if (loads && result.program.step_count != 0) {
    return fail(number, "a load-trial has no calls: leave them, or that line, out");
  }
  if (!loads && result.program.step_count == 0) {
    return fail(number, "no calls: the file was cut off or has only a header");
  }
  if (const char* wrong = steps.Finish()) return fail(number, wrong);
  return result;
}

ParsedProgram LoadProgram(const std::string& path) {
  ParsedProgram bad;
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (file == nullptr) {
    bad.error = path + ": " + std::strerror(errno) + ", name a program file";
    return bad;
  }
  std::string text(kMaxTextBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    bad.error = path + ": cannot be read, name a program file";
    return bad;
  }
  if (text.size() > kMaxTextBytes) {
    bad.error = path + ":1: too long for a program: at most 64 KiB";
    return bad;
  }
  return ParseProgram(text, path);
}

}  // namespace drydock::fuzz
