#include "live/server/stack_frames.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace drydock::live {
namespace {

struct Mapping {
  uint64_t begin, end, offset;
  std::string file;
};

std::vector<Mapping> MappingsOf(pid_t pid) {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::istringstream words(line);
    Mapping m{};
    char dash = 0;
    std::string access, device, inode;
    words >> std::hex >> m.begin >> dash >> m.end >> access >> m.offset >> device >> inode;
    if (words.fail()) continue;
    std::getline(words >> std::ws, m.file);
    if (!m.file.starts_with('/')) m.file.clear();
    mappings.push_back(m);
  }
  return mappings;
}

// What the byte at `offset` of an ELF file has for a virtual address.
uint64_t AddressInFile(const std::string& path, uint64_t offset) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return offset;
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    file.seekg(static_cast<std::streamoff>(header.e_phoff + i * sizeof segment));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) break;
    if (segment.p_type == PT_LOAD && offset - segment.p_offset < segment.p_filesz) {
      return segment.p_vaddr + (offset - segment.p_offset);
    }
  }
  return offset;
}

}  // namespace

std::vector<StackFrame> ResolveFrames(pid_t pid, std::span<const uint64_t> addresses) {
  std::vector<StackFrame> frames;
  if (addresses.empty()) return frames;
  const std::vector<Mapping> mappings = MappingsOf(pid);
  for (const uint64_t address : addresses) {
    StackFrame frame{.file = {}, .address = address};
    for (const Mapping& m : mappings) {
      if (address < m.begin || address >= m.end || m.file.empty()) continue;
      frame.file = m.file;
      frame.address = AddressInFile(m.file, address - m.begin + m.offset);
      break;
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace drydock::live
