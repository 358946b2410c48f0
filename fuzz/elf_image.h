// What we read of ELF files: the functions of a driver's shared object, so that a violation's code
// offset has a name; the symbols it needs and those that a program exports.
#ifndef DRYDOCK_FUZZ_ELF_IMAGE_H_
#define DRYDOCK_FUZZ_ELF_IMAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::fuzz {

struct ElfFunction {
  uint64_t begin = 0;  // offset in the loaded image
  uint64_t end = 0;
  std::string name;
};

struct ElfObject {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string name;
};

struct ElfImage {
  std::string error;                   // "FILE: what, what to do"; empty if read
  std::vector<ElfFunction> functions;  // of .symtab, by begin; empty if stripped
  std::vector<ElfObject> objects;      // its variables, likewise
  std::vector<std::string> undefined;  // dynamic symbols that are not weak
  std::vector<std::string> exported;   // dynamic symbols that it defines

  // Name of the function at an offset, or "" if it lies in none.
  std::string_view FunctionAt(uint64_t offset) const;
  // Name of the variable that holds the byte at an offset, or "".
  std::string_view ObjectAt(uint64_t offset) const;
};

ElfImage ReadElfImage(const std::string& path);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_ELF_IMAGE_H_
