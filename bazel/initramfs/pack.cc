// Writes an initramfs (a cpio archive, format "newc") from pairs of arguments:
//   pack OUT PLACE FILE [PLACE FILE]...
// No time, owner or inode number of the build machine gets in: the same files give
// the same bytes. Everything is executable; /dev/console is made, parents are not,
// so a PLACE has no folder.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

constexpr unsigned kFolder = 0040755;
constexpr unsigned kProgram = 0100755;
constexpr unsigned kConsole = 0020600;

void PadToFour(std::string& archive) { archive.resize((archive.size() + 3) / 4 * 4); }

void Append(std::string& archive, const std::string& name, unsigned mode, const std::string& data,
            unsigned device_major = 0, unsigned device_minor = 0) {
  static unsigned inode = 0;
  char header[6 + 13 * 8 + 1];
  std::snprintf(header, sizeof(header),
                "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++inode, mode, 0U, 0U,
                1U, 0U, static_cast<unsigned>(data.size()), 0U, 0U, device_major, device_minor,
                static_cast<unsigned>(name.size()) + 1, 0U);
  archive += header + name + '\0';
  PadToFour(archive);
  archive += data;
  PadToFour(archive);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc % 2 != 0) {
    std::fprintf(stderr, "usage: %s OUT PLACE FILE [PLACE FILE]...\n", argv[0]);
    return 2;
  }
  std::string archive;
  Append(archive, "dev", kFolder, "");
  Append(archive, "dev/console", kConsole, "", 5, 1);
  for (int i = 2; i < argc; i += 2) {
    std::ifstream file(argv[i + 1], std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) {
      std::fprintf(stderr, "%s: cannot be read\n", argv[i + 1]);
      return 1;
    }
    Append(archive, argv[i], kProgram, data);
  }
  Append(archive, "TRAILER!!!", 0, "");
  std::ofstream out(argv[1], std::ios::binary);
  out << archive;
  out.close();
  if (!out) {
    std::fprintf(stderr, "%s: cannot be written\n", argv[1]);
    return 1;
  }
  return 0;
}
