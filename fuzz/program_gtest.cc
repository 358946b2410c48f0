#include "fuzz/program_gtest.h"

#include <cctype>
#include <cstdio>

namespace drydock::fuzz {
namespace {

// "range not checked" -> "RangeNotChecked": letters and digits, each word with a capital.
std::string CamelCase(std::string_view words) {
  std::string name;
  bool begins = true;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 || byte >= 0x80) {
      begins = true;
      continue;
    }
    name += begins ? static_cast<char>(std::toupper(byte)) : c;
    begins = false;
  }
  return name;
}

// A name that C++ takes, whatever the text.
std::string Identifier(std::string_view words, std::string_view otherwise) {
  const std::string name = CamelCase(words);
  const bool bad = name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  return bad ? std::string(otherwise) + name : name;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\%03o", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A raw string, whose delimiter is not in the text.
std::string Raw(std::string_view text) {
  std::string delimiter = "text";
  while (text.find(")" + delimiter + "\"") != text.npos) delimiter += '_';
  return "R\"" + delimiter + "(" + std::string(text) + ")" + delimiter + "\"";
}

// For a // comment: one line, and no backslash at its end.
std::string Comment(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == '\\' ? ' ' : c;
  return out;
}

}  // namespace

std::string FormatGtest(std::string_view program, const GtestNotes& notes) {
  std::string text = "// " + Comment(notes.title) + "\n";
  if (!notes.seen.empty()) text += "// Seen: " + Comment(notes.seen) + "\n";
  text +=
      "//\n"
      "// Written by drydock check. Fails for as long as the driver has the mistake.\n"
      "#include <gtest/gtest.h>\n"
      "\n"
      "#include \"fuzz/program_findings.h\"\n"
      "\n"
      "TEST(" +
      Identifier(notes.module, "Driver") + ", " + CamelCase(notes.class_id) +
      Identifier(notes.class_name, "Finding") +
      ") {\n"
      "  drydock::fuzz::WorkerOptions options;\n"
      "  options.driver = DRIVER;\n";
  for (const auto& [name, value] : notes.params) {
    text += "  options.params.emplace_back(" + Quoted(name) + ", " + Quoted(value) + ");\n";
  }
  if (!notes.device_name.empty()) {
    text += "  options.world.device_name = " + Quoted(notes.device_name) +
            ";\n"
            "  options.world.device_text = " +
            Raw(notes.device_text) + ";\n";
  }
  if (!notes.policy_file.empty()) {
    text += "  options.policy_file = " + Quoted(notes.policy_file) + ";\n";
  }
  return text +
         "\n"
         "  EXPECT_EQ(drydock::fuzz::FindingsOf(options, " +
         Raw(program) +
         "),\n"
         "            \"\");\n"
         "}\n";
}

}  // namespace drydock::fuzz
