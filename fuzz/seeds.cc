#include "fuzz/seeds.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

namespace drydock::fuzz {

namespace fs = std::filesystem;

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
  const NodePaths& nodes = session.world().nodes();
  for (const fs::path& file : files) {
    ParsedProgram parsed = LoadProgram(file);
    if (!parsed.error.empty()) return parsed.error;
    if (!RenumberNodes(parsed.nodes, nodes, &parsed.program).empty()) continue;
    std::array<uint8_t, kMaxEncodedBytes> bytes;
    const size_t size = Encode(parsed.program, session.encoding(), bytes);
    const fs::path to = fs::path(corpus) / file.stem();
    std::ofstream out(to, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    out.close();
    if (!out) return to.string() + ": cannot be written, see whether the disk is full";
  }
  return {};
}

}  // namespace drydock::fuzz
