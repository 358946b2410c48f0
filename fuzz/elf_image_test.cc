// What is read of ELF files, of well-formed ones and of others. A file here is a header, three
// sections (none, symbols, their names), the symbols and the names.
#include "fuzz/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace drydock::fuzz {
namespace {

using Names = std::vector<std::string>;

constexpr char kNames[] = "\0run\0stop\0buffer\0needed\0weak";
constexpr uint32_t kRun = 1, kStop = 5, kBuffer = 10, kNeeded = 17, kWeak = 24;

Elf64_Sym Symbol(uint32_t name, unsigned char type, uint64_t value, uint64_t size_bytes,
                 uint16_t section = 1, unsigned char bind = STB_GLOBAL) {
  return {.st_name = name,
          .st_info = static_cast<unsigned char>(ELF64_ST_INFO(bind, type)),
          .st_other = 0,
          .st_shndx = section,
          .st_value = value,
          .st_size = size_bytes};
}

struct Elf {
  Elf64_Ehdr header{};
  Elf64_Shdr sections[3]{};
  std::vector<Elf64_Sym> symbols;
  std::string names{kNames, sizeof kNames};

  explicit Elf(uint32_t type, std::vector<Elf64_Sym> all) : symbols(std::move(all)) {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_shoff = sizeof header;
    header.e_shnum = 3;
    header.e_shentsize = sizeof sections[0];
    sections[1].sh_type = type;
    sections[1].sh_offset = sizeof header + sizeof sections;
    sections[1].sh_size = symbols.size() * sizeof symbols[0];
    sections[1].sh_link = 2;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = sections[1].sh_offset + sections[1].sh_size;
    sections[2].sh_size = names.size();
  }
  std::string Bytes() const {
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes.append(reinterpret_cast<const char*>(sections), sizeof sections);
    bytes.append(reinterpret_cast<const char*>(symbols.data()), symbols.size() * sizeof symbols[0]);
    return bytes + names;
  }
};

// A driver with functions at [16, 32) and [32, 40), and a variable at [100, 108).
Elf Driver() {
  return Elf(SHT_SYMTAB,
             {Symbol(kStop, STT_FUNC, 32, 8), Symbol(kRun, STT_FUNC, 16, 16),
              Symbol(kBuffer, STT_OBJECT, 100, 8), Symbol(kNeeded, STT_FUNC, 0, 0, SHN_UNDEF)});
}

ElfImage Read(const std::string& bytes) {
  const std::string path = testing::TempDir() + "/image.so";
  std::ofstream(path, std::ios::binary) << bytes;
  return ReadElfImage(path);
}

TEST(ElfImage, NamesTheFunctionOfAnOffset) {
  const ElfImage image = Read(Driver().Bytes());

  EXPECT_EQ(image.error, "");
  EXPECT_EQ(image.functions.size(), 2u);
  EXPECT_EQ(image.FunctionAt(15), "");
  EXPECT_EQ(image.FunctionAt(16), "run");
  EXPECT_EQ(image.FunctionAt(31), "run");
  EXPECT_EQ(image.FunctionAt(32), "stop");
  EXPECT_EQ(image.FunctionAt(40), "stop");  // behind a call that does not return
  EXPECT_EQ(image.FunctionAt(41), "");
  EXPECT_EQ(image.FunctionAt(~uint64_t{0}), "");
}

TEST(ElfImage, NamesTheVariableOfAnOffset) {
  const ElfImage image = Read(Driver().Bytes());

  EXPECT_EQ(image.ObjectAt(99), "");
  EXPECT_EQ(image.ObjectAt(100), "buffer");
  EXPECT_EQ(image.ObjectAt(107), "buffer");
  EXPECT_EQ(image.ObjectAt(108), "");
}

TEST(ElfImage, DynamicSymbolsAreWhatItHasAndWhatItNeeds) {
  const Elf library(SHT_DYNSYM,
                    {Symbol(kRun, STT_FUNC, 16, 16), Symbol(kNeeded, STT_FUNC, 0, 0, SHN_UNDEF),
                     Symbol(kWeak, STT_FUNC, 0, 0, SHN_UNDEF, STB_WEAK)});

  const ElfImage image = Read(library.Bytes());

  EXPECT_EQ(image.exported, Names{"run"});
  EXPECT_EQ(image.undefined, Names{"needed"});
  EXPECT_TRUE(image.functions.empty());
}

TEST(ElfImage, WhatIsNo64BitElfFileIsOneLine) {
  Elf narrow = Driver();
  narrow.header.e_ident[EI_CLASS] = ELFCLASS32;
  const std::string whole = Driver().Bytes();
  for (const std::string& bytes :
       {std::string(), std::string("\x7f"), std::string("#!/bin/sh\n"), narrow.Bytes(),
        whole.substr(0, sizeof(Elf64_Ehdr) - 1), std::string(sizeof(Elf64_Ehdr), '\0')}) {
    const ElfImage image = Read(bytes);
    EXPECT_EQ(image.error, testing::TempDir() + "/image.so: not a 64-bit ELF file, build it anew");
    EXPECT_TRUE(image.functions.empty());
  }
  EXPECT_EQ(ReadElfImage("/nonexistent.so").error,
            "/nonexistent.so: not a 64-bit ELF file, build it anew");
  EXPECT_EQ(ReadElfImage("/").error, "/: not a 64-bit ELF file, build it anew");
}

TEST(ElfImage, AFileThatIsCutOffAnywhereIsReadAsFarAsItGoes) {
  const std::string whole = Driver().Bytes();
  for (size_t size_bytes = sizeof(Elf64_Ehdr); size_bytes < whole.size(); ++size_bytes) {
    const ElfImage image = Read(whole.substr(0, size_bytes));
    EXPECT_EQ(image.error, "") << size_bytes;
    EXPECT_LE(image.functions.size(), 2u) << size_bytes;
  }
}

struct Broken {
  const char* name;
  void (*breaks)(Elf&);
  Names functions;  // that are still read
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class BrokenElf : public testing::TestWithParam<Broken> {};

TEST_P(BrokenElf, NothingIsReadFromOutsideOfTheFile) {
  Elf elf = Driver();
  GetParam().breaks(elf);

  const ElfImage image = Read(elf.Bytes());

  Names names;
  for (const ElfFunction& function : image.functions) names.push_back(function.name);
  EXPECT_EQ(names, GetParam().functions);
  EXPECT_EQ(image.error, "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenElf,
    testing::Values(
        Broken{"SectionsBehindTheEnd", [](Elf& e) { e.header.e_shoff = 1 << 20; }, {}},
        Broken{"SectionsAtTheEndOfTheWorld", [](Elf& e) { e.header.e_shoff = ~uint64_t{0}; }, {}},
        Broken{"NoSections", [](Elf& e) { e.header.e_shnum = 0; }, {}},
        Broken{
            "MoreSectionsThanThereAre", [](Elf& e) { e.header.e_shnum = 0xffff; }, {"run", "stop"}},
        Broken{"NamesInNoSection", [](Elf& e) { e.sections[1].sh_link = 0xffffffff; }, {}},
        Broken{
            "SymbolsBehindTheEnd", [](Elf& e) { e.sections[1].sh_offset = uint64_t{1} << 63; }, {}},
        Broken{"HalfASymbol",
               [](Elf& e) { e.sections[1].sh_size = sizeof(Elf64_Sym) * 3 / 2; },
               {"stop"}},
        Broken{
            "NamesBehindTheEnd", [](Elf& e) { e.sections[2].sh_offset = uint64_t{1} << 63; }, {}},
        Broken{"ANameBehindTheEnd", [](Elf& e) { e.symbols[0].st_name = 1 << 30; }, {"run"}},
        Broken{"ANameWithoutEnd",
               [](Elf& e) {
                 e.names.back() = 'k';
                 e.symbols[0].st_name = kWeak;
               },
               {"run"}}),
    [](const testing::TestParamInfo<Broken>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock::fuzz
