#include "fuzz/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "fuzz/whole_file.h"

namespace drydock::fuzz {
namespace {

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  bool At(uint64_t offset, T* out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return false;
    std::memcpy(out, bytes_.data() + offset, sizeof(T));
    return true;
  }
  // A NUL-terminated string within [offset, end of file), or "".
  std::string_view String(uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    const size_t end = bytes_.find('\0', offset);
    return end == std::string::npos ? std::string_view()
                                    : std::string_view(bytes_).substr(offset, end - offset);
  }

 private:
  std::string bytes_;
};

void ReadSymbols(const Reader& reader, const Elf64_Shdr& section, const Elf64_Shdr& strings,
                 ElfImage* image) {
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    if (!reader.At(section.sh_offset + at, &symbol)) return;
    const std::string name(reader.String(strings.sh_offset + symbol.st_name));
    if (name.empty()) continue;
    const bool defined = symbol.st_shndx != SHN_UNDEF;
    if (section.sh_type == SHT_SYMTAB) {
      if (defined && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC) {
        image->functions.push_back({symbol.st_value, symbol.st_value + symbol.st_size, name});
      } else if (defined && ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT) {
        image->objects.push_back({symbol.st_value, symbol.st_value + symbol.st_size, name});
      }
    } else if (defined) {
      image->exported.push_back(name);
    } else if (ELF64_ST_BIND(symbol.st_info) != STB_WEAK) {
      image->undefined.push_back(name);
    }
  }
}

}  // namespace

std::string_view ElfImage::FunctionAt(uint64_t offset) const {
  auto after = std::upper_bound(
      functions.begin(), functions.end(), offset,
      [](uint64_t wanted, const ElfFunction& function) { return wanted < function.begin; });
  if (after == functions.begin()) return {};
  const ElfFunction& function = *std::prev(after);
  // A return address may be the byte after a call that does not return.
  return offset <= function.end ? std::string_view(function.name) : std::string_view();
}

std::string_view ElfImage::ObjectAt(uint64_t offset) const {
  auto after = std::upper_bound(
      objects.begin(), objects.end(), offset,
      [](uint64_t wanted, const ElfObject& object) { return wanted < object.begin; });
  if (after == objects.begin()) return {};
  const ElfObject& object = *std::prev(after);
  return offset < object.end ? std::string_view(object.name) : std::string_view();
}

ElfImage ReadElfImage(const std::string& path) {
  ElfImage image;
  const Reader reader(ReadWholeFile(path).value_or(""));
  Elf64_Ehdr header;
  if (!reader.At(0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64) {
    image.error = path + ": not a 64-bit ELF file, build it anew";
    return image;
  }
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section, strings;
    if (!reader.At(header.e_shoff + i * uint64_t{sizeof section}, &section)) break;
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    if (!reader.At(header.e_shoff + section.sh_link * uint64_t{sizeof strings}, &strings)) break;
    ReadSymbols(reader, section, strings, &image);
  }
  std::sort(image.functions.begin(), image.functions.end(),
            [](const ElfFunction& a, const ElfFunction& b) { return a.begin < b.begin; });
  std::sort(image.objects.begin(), image.objects.end(),
            [](const ElfObject& a, const ElfObject& b) { return a.begin < b.begin; });
  return image;
}

}  // namespace drydock::fuzz
