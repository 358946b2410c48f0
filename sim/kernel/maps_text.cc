#include "sim/kernel/maps_text.h"

#include <cinttypes>
#include <cstdio>

#include "sim/hw/memory_type.h"
#include "sim/hw/page_table.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

// fs/proc/task_mmu.c: show_smap_vma_flags(), by bit. An empty one is not named there either.
constexpr const char* kLetters[] = {
    "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "um", "pf", "",   "uw", "lo", "io", "sr",
    "rr", "dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "sd", "mm", "hg", "nh", "mg"};

std::string Hex(uint64_t value, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*" PRIx64, digits, value);
  return text;
}

std::string NodeOf(const vm_area_struct& c, const MapsNames& names) {
  if (c.vm_file == nullptr) return (c.vm_flags & kVmShared) != 0 ? "[shmem]" : "[anon]";
  return names.node ? names.node(*c.vm_file) : "file";
}

std::string BitsText(const hw::PteBits& bits) {
  std::string text;
  text += bits.present != 0 ? 'r' : '-';
  text += bits.write != 0 ? 'w' : '-';
  text += bits.exec != 0 ? 'x' : '-';
  if (bits.special != 0) text += " special";
  if (bits.anon != 0) text += " anon";
  if (bits.dirty != 0) text += " dirty";
  if (bits.accessed != 0) text += " accessed";
  return text;
}

// The part [start, end) of an extent, a line for each owner. `base`: address that indices count
// from; 0 prints addresses.
void AppendRun(const hw::Extent& extent, uint64_t start, uint64_t end, uint64_t base,
               const MapsNames& names, std::string* out) {
  while (start < end) {
    uint64_t pages = (end - start) >> hw::kPageShift;
    const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {start});
    std::string frame = names.frame ? names.frame(pfn, &pages) : "";
    if (frame.empty()) frame = "0x" + Hex(pfn.value, 1);
    const std::string at =
        base == 0 ? Hex(start, 1) : "+" + std::to_string((start - base) >> hw::kPageShift);
    *out += "  " + at + " " + std::to_string(pages) + (pages == 1 ? " page " : " pages ") + frame +
            " " + hw::CacheName(extent.bits.cache) + " " + BitsText(extent.bits) + "\n";
    start += pages << hw::kPageShift;
  }
}

}  // namespace

std::string VmFlagLetters(uint64_t vm_flags) {
  std::string text;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((vm_flags >> bit & 1) == 0 || kLetters[bit][0] == '\0') continue;
    if (!text.empty()) text += ' ';
    text += kLetters[bit];
  }
  if ((vm_flags & kVmDroppable) != 0) text += text.empty() ? "dp" : " dp";
  return text;
}

std::string MapsText(const Mm& mm, uint32_t index, const MapsNames& names) {
  const hw::PageTable& table = mm.table(index);
  std::string out;
  std::string outside;
  size_t extent = 0;
  uint64_t done = 0;  // entries below are printed
  const auto print_up_to = [&](uint64_t end, uint64_t base, std::string* to) {
    for (; extent < table.count() && table[extent].va.value < end; ++extent) {
      const uint64_t start = table[extent].va.value > done ? table[extent].va.value : done;
      const uint64_t stop = table[extent].end().value < end ? table[extent].end().value : end;
      AppendRun(table[extent], start, stop, base, names, to);
      if (table[extent].end().value > end) break;
    }
    done = end;
  };
  for (uint32_t i = 0; i < mm.VmaCount(index); ++i) {
    const vm_area_struct& c = mm.VmaAt(index, i).c;
    print_up_to(c.vm_start, 0, &outside);
    out += Hex(c.vm_start, 1) + "-" + Hex(c.vm_end, 1) + " ";
    out += (c.vm_flags & kVmRead) != 0 ? 'r' : '-';
    out += (c.vm_flags & kVmWrite) != 0 ? 'w' : '-';
    out += (c.vm_flags & kVmExec) != 0 ? 'x' : '-';
    out += (c.vm_flags & kVmMayShare) != 0 ? 's' : 'p';
    out += " " + Hex(c.vm_pgoff << hw::kPageShift, 8) + " " + NodeOf(c, names) + " " +
           VmFlagLetters(c.vm_flags) + "\n";
    print_up_to(c.vm_end, c.vm_start, &out);
  }
  print_up_to(~uint64_t{0}, 0, &outside);
  if (!outside.empty()) out += "outside:\n" + outside;
  return out;
}

}  // namespace drydock::kernel
