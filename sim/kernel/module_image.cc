#include "sim/kernel/module_image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "sim/kernel/driver_data.h"

namespace drydock::kernel {
namespace {

constexpr uintptr_t kHostPageMask = 4095;

// One file that was loaded into this process.
struct Loaded {
  dev_t device;
  ino_t inode;
  void* handle = nullptr;
  bool open = false;
  std::unique_ptr<DriverData> pristine;
};

std::list<Loaded>& LoadedFiles() {
  static auto* files = new std::list<Loaded>;  // never destroyed, as the files are never unloaded
  return *files;
}

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

// dlopen's own text names the file, and the symbol last: "x.so: undefined symbol: foo".
std::string LoadError(const std::string& path) {
  const char* raw = dlerror();
  const std::string text = raw != nullptr ? raw : "cannot be loaded";
  constexpr std::string_view kUndefined = "undefined symbol: ";
  const size_t at = text.find(kUndefined);
  if (at != std::string::npos) {
    std::string symbol = text.substr(at + kUndefined.size());
    symbol = symbol.substr(0, symbol.find_first_of(" \t("));
    return path + ": the emulated kernel has no symbol '" + symbol + "'";
  }
  return text.find(path) == std::string::npos ? path + ": " + text : text;
}

struct Search {
  const void* inside;
  uintptr_t base = 0;
  std::vector<ElfW(Phdr)> headers;
};

int Visit(dl_phdr_info* info, size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  const auto wanted = reinterpret_cast<uintptr_t>(search->inside);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (wanted < begin || wanted - begin >= header.p_memsz) continue;
    search->base = info->dlpi_addr;
    search->headers.assign(info->dlpi_phdr, info->dlpi_phdr + info->dlpi_phnum);
    return 1;
  }
  return 0;
}

bool IsInstrumentation(std::string_view section) {
  return section.starts_with("__sancov_") || section.starts_with("__llvm_prf_") ||
         section.starts_with("__llvm_cov") || section == "asan_globals" ||
         section.starts_with(".got") || section == ".dynamic" || section.starts_with(".init_array");
}

}  // namespace

ModuleImage::ModuleImage(const std::string& so_path) : path_(so_path) {
  struct stat status{};
  if (stat(so_path.c_str(), &status) != 0) Fail(so_path, "no such file");
  if (!S_ISREG(status.st_mode)) Fail(so_path, "is not a file");
  // dlopen searches the library path for a name without '/'.
  const std::string name = so_path.find('/') == std::string::npos ? "./" + so_path : so_path;

  Loaded* loaded = nullptr;
  for (Loaded& file : LoadedFiles()) {
    if (file.device == status.st_dev && file.inode == status.st_ino) loaded = &file;
  }
  if (loaded != nullptr && loaded->open) Fail(so_path, "this driver is loaded already");
  void* handle = loaded != nullptr ? loaded->handle : dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(LoadError(name));
  records_ = static_cast<const drydock_module_image*>(dlsym(handle, "drydock_module"));
  if (records_ == nullptr || records_->module == nullptr) {
    dlclose(handle);
    Fail(so_path, "is not a driver: it has no symbol 'drydock_module'");
  }
  FindSegments();
  ExcludeInstrumentation();
  if (loaded == nullptr) {
    loaded = &LoadedFiles().emplace_back();
    loaded->device = status.st_dev;
    loaded->inode = status.st_ino;
    loaded->handle = handle;
    loaded->pristine = std::make_unique<DriverData>(data_);
  } else {
    loaded->pristine->Reset();
  }
  loaded->open = true;
  loaded_ = loaded;
}

ModuleImage::~ModuleImage() { static_cast<Loaded*>(loaded_)->open = false; }

void ModuleImage::FindSegments() {
  Search search{records_, 0, {}};
  if (dl_iterate_phdr(Visit, &search) == 0) Fail(path_, "its segments cannot be found");
  base_ = reinterpret_cast<unsigned char*>(search.base);
  for (const auto& header : search.headers) {
    if (header.p_type != PT_LOAD) continue;
    unsigned char* begin = base_ + header.p_vaddr;
    if ((header.p_flags & PF_X) != 0) {
      const unsigned char* end = begin + header.p_memsz;
      if (code_begin_ == nullptr || begin < code_begin_) code_begin_ = begin;
      if (code_end_ == nullptr || end > code_end_) code_end_ = end;
    }
    if ((header.p_flags & PF_W) != 0) data_.push_back({begin, header.p_memsz});
  }
  // The loader has made these read-only, in whole pages.
  for (const auto& header : search.headers) {
    if (header.p_type != PT_GNU_RELRO) continue;
    const uintptr_t begin = (search.base + header.p_vaddr) & ~kHostPageMask;
    const uintptr_t end = (search.base + header.p_vaddr + header.p_memsz) & ~kHostPageMask;
    if (end > begin) Exclude(reinterpret_cast<const unsigned char*>(begin), end - begin);
  }
}

void ModuleImage::Exclude(const unsigned char* begin, size_t size_bytes) {
  std::vector<Range> kept;
  const unsigned char* end = begin + size_bytes;
  for (const Range& range : data_) {
    unsigned char* range_end = range.begin + range.size_bytes;
    if (end <= range.begin || begin >= range_end) {
      kept.push_back(range);
      continue;
    }
    if (begin > range.begin) {
      kept.push_back({range.begin, static_cast<size_t>(begin - range.begin)});
    }
    if (end < range_end) {
      kept.push_back({range_end - (range_end - end), static_cast<size_t>(range_end - end)});
    }
  }
  data_ = std::move(kept);
}

// By the file's section headers and, for gcc's --coverage whose counters have no section of their
// own, by its symbols. A file without either keeps everything.
void ModuleImage::ExcludeInstrumentation() {
  std::ifstream in(path_, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return;
  std::copy_n(file.data(), sizeof header, reinterpret_cast<char*>(&header));
  const auto fits = [&file](uint64_t offset, uint64_t size) {
    return offset <= file.size() && size <= file.size() - offset;
  };
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
      !fits(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr))) {
    return;
  }
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::copy_n(file.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr),
              reinterpret_cast<char*>(sections.data()));
  const auto text = [&](const Elf64_Shdr& table, uint64_t offset) -> std::string_view {
    if (!fits(table.sh_offset, table.sh_size) || offset >= table.sh_size) return {};
    return file.c_str() + table.sh_offset + offset;
  };
  for (const Elf64_Shdr& section : sections) {
    if ((section.sh_flags & SHF_WRITE) != 0 && section.sh_addr != 0 &&
        IsInstrumentation(text(sections[header.e_shstrndx], section.sh_name))) {
      Exclude(base_ + section.sh_addr, section.sh_size);
    }
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size() ||
        !fits(section.sh_offset, section.sh_size)) {
      continue;
    }
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      std::copy_n(file.data() + section.sh_offset + at, sizeof symbol,
                  reinterpret_cast<char*>(&symbol));
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT) continue;
      const std::string_view name = text(sections[section.sh_link], symbol.st_name);
      if (name.starts_with("__gcov") || name.starts_with("__llvm_gcov")) {
        Exclude(base_ + symbol.st_value, symbol.st_size);
      }
    }
  }
}

}  // namespace drydock::kernel
