#include "fuzz/seeds.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

namespace drydock::fuzz {

namespace fs = std::filesystem;

namespace {

size_t EncodeParsed(ParsedProgram* parsed, const Session& session,
                    std::span<uint8_t, kMaxEncodedBytes> out) {
  if (!parsed->error.empty()) return 0;
  if (!RenumberNodes(parsed->nodes, session.nodes(), &parsed->program).empty()) return 0;
  return Encode(parsed->program, session.encoding(), out);
}

}  // namespace

bool IsProgramText(std::span<const uint8_t> input) {
  // Comments may come first.
  if (input.empty() || (input[0] != '#' && input[0] != 'd')) return false;
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const size_t at = text.find("drydock program 1\n");
  return at == 0 || (at != text.npos && text[at - 1] == '\n');
}

size_t EncodeText(std::string_view text, std::string_view file_name, const Session& session,
                  std::span<uint8_t, kMaxEncodedBytes> out, std::string* error) {
  ParsedProgram parsed = ParseProgram(text, file_name);
  const size_t size = EncodeParsed(&parsed, session, out);
  *error = parsed.error;
  return size;
}

std::string WriteSeeds(const std::string& seeds, const std::string& corpus,
                       const Session& session) {
  if (seeds.empty() || corpus.empty()) return {};
  std::error_code error;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(seeds, error)) {
    if (entry.path().extension() == ".prog") files.push_back(entry.path());
  }
  if (error) return seeds + ": " + error.message() + ", name the folder of seeds";
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    ParsedProgram parsed = LoadProgram(file);
    std::array<uint8_t, kMaxEncodedBytes> bytes;
    const size_t size = EncodeParsed(&parsed, session, bytes);
    if (!parsed.error.empty()) return parsed.error;
    if (size == 0) continue;
    const fs::path to = fs::path(corpus) / file.stem();
    std::ofstream out(to, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    out.close();
    if (!out) return to.string() + ": cannot be written, see whether the disk is full";
  }
  return {};
}

}  // namespace drydock::fuzz
