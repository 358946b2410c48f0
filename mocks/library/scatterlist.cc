// Scatter lists: lib/scatterlist.c of 6.1.
#include <algorithm>
#include <cstring>

#include "mocks/include/drydock/dma_structs.h"
#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;

extern "C" {
extern struct page* drydock_vmemmap;
extern char* drydock_direct_map;
}

namespace {

constexpr int kEinval = 22, kEnomem = 12;
constexpr unsigned long kPageShift = 12;
constexpr unsigned long kPageSize = 1ul << kPageShift;
constexpr unsigned int kMaxEntries = kPageSize / sizeof(scatterlist);  // of one chunk
constexpr unsigned long kLinkMask = SG_CHAIN | SG_END;

scatterlist* Chained(const scatterlist* sg) {
  return reinterpret_cast<scatterlist*>(sg->page_link & ~kLinkMask);
}

scatterlist* Next(scatterlist* sg) {
  if ((sg->page_link & SG_END) != 0) return nullptr;
  ++sg;
  return (sg->page_link & SG_CHAIN) != 0 ? Chained(sg) : sg;
}

void Clear(scatterlist* list, unsigned int count) {
  std::memset(list, 0, sizeof(*list) * count);
  if (count != 0) list[count - 1].page_link |= SG_END;
}

unsigned long FrameOf(const page* page) {
  return static_cast<unsigned long>(page - drydock_vmemmap);
}

DRYDOCK_SHIM_INLINE void FreeTable(sg_table* table) {
  scatterlist* chunk = table->sgl;
  unsigned int left = table->orig_nents;
  while (chunk != nullptr && left != 0) {
    scatterlist* next = nullptr;
    unsigned int here = left;
    if (left > kMaxEntries) {
      next = Chained(&chunk[kMaxEntries - 1]);
      here = kMaxEntries - 1;
    }
    Cross<&AllocApi::Kfree>(static_cast<const void*>(chunk));
    left -= here;
    chunk = next;
  }
  table->sgl = nullptr;
  table->orig_nents = 0;
  table->nents = 0;
}

// Chunks of up to kMaxEntries; the last entry of one that is not the last chains to the next.
DRYDOCK_SHIM_INLINE int AllocTable(sg_table* table, unsigned int count, unsigned int gfp) {
  std::memset(table, 0, sizeof(*table));
  if (count == 0) return -kEinval;
  scatterlist* before = nullptr;
  for (unsigned int left = count; left != 0;) {
    unsigned int entries = std::min(left, kMaxEntries);
    unsigned int used = left > kMaxEntries ? kMaxEntries - 1 : left;
    auto* chunk =
        static_cast<scatterlist*>(Cross<&AllocApi::Kmalloc>(entries * sizeof(scatterlist), gfp));
    if (chunk == nullptr) {
      if (before != nullptr) ++table->orig_nents;  // the entry that was to be the link
      FreeTable(table);
      return -kEnomem;
    }
    Clear(chunk, entries);
    if (left > kMaxEntries) chunk[entries - 1].page_link = 0;
    table->orig_nents += used;
    table->nents = table->orig_nents;
    if (before != nullptr) {
      before[kMaxEntries - 1].page_link =
          (reinterpret_cast<unsigned long>(chunk) | SG_CHAIN) & ~SG_END;
    } else {
      table->sgl = chunk;
    }
    before = chunk;
    left -= used;
  }
  return 0;
}

// Pages of the run that starts at pages[first] and that one entry holds.
unsigned int RunOf(page** pages, unsigned int first, unsigned int count, unsigned int most) {
  unsigned int run = 1;
  while (first + run < count && run < most &&
         FrameOf(pages[first + run]) == FrameOf(pages[first]) + run) {
    ++run;
  }
  return run;
}

size_t Copy(scatterlist* list, unsigned int count, char* buffer, size_t len, bool to_buffer) {
  size_t done = 0;
  for (scatterlist* sg = list; sg != nullptr && count != 0 && done < len; sg = Next(sg), --count) {
    size_t piece = std::min<size_t>(sg->length, len - done);
    char* bytes = drydock_direct_map +
                  (FrameOf(reinterpret_cast<page*>(sg->page_link & ~kLinkMask)) << kPageShift) +
                  sg->offset;
    if (to_buffer) {
      std::memcpy(buffer + done, bytes, piece);
    } else {
      std::memcpy(bytes, buffer + done, piece);
    }
    done += piece;
  }
  return done;
}

}  // namespace

extern "C" {

void sg_init_table(scatterlist* list, unsigned int count) { Clear(list, count); }
void sg_init_one(scatterlist* sg, const void* buf, unsigned int len) {
  Clear(sg, 1);
  unsigned long long phys = Cross<&AllocApi::VirtToPhys>(static_cast<const volatile void*>(buf));
  sg->page_link |= reinterpret_cast<unsigned long>(drydock_vmemmap + (phys >> kPageShift));
  sg->offset = static_cast<unsigned int>(phys & (kPageSize - 1));
  sg->length = len;
}
int sg_nents(scatterlist* sg) {
  int count = 0;
  for (; sg != nullptr; sg = Next(sg)) ++count;
  return count;
}
scatterlist* sg_last(scatterlist* list, unsigned int count) {
  scatterlist* last = nullptr;
  for (; list != nullptr && count != 0; list = Next(list), --count) last = list;
  return last;
}
int sg_alloc_table(sg_table* table, unsigned int count, unsigned int gfp) {
  return AllocTable(table, count, gfp);
}
void sg_free_table(sg_table* table) { FreeTable(table); }

int sg_alloc_table_from_pages_segment(sg_table* table, page** pages, unsigned int count,
                                      unsigned int offset, unsigned long size,
                                      unsigned int max_segment, unsigned int gfp) {
  unsigned int most = max_segment >> kPageShift;
  if (most == 0 || count == 0) return -kEinval;
  unsigned int runs = 0;
  for (unsigned int at = 0; at < count; at += RunOf(pages, at, count, most)) ++runs;
  int error = AllocTable(table, runs, gfp);
  if (error != 0) return error;
  unsigned int at = 0;
  for (scatterlist* sg = table->sgl; sg != nullptr; sg = Next(sg)) {
    unsigned int run = RunOf(pages, at, count, most);
    unsigned long bytes = (static_cast<unsigned long>(run) << kPageShift) - offset;
    sg->page_link |= reinterpret_cast<unsigned long>(pages[at]);
    sg->offset = offset;
    sg->length = static_cast<unsigned int>(std::min(size, bytes));
    size -= sg->length;
    offset = 0;
    at += run;
  }
  return 0;
}

size_t sg_copy_from_buffer(scatterlist* list, unsigned int count, const void* buf, size_t len) {
  return Copy(list, count, const_cast<char*>(static_cast<const char*>(buf)), len, false);
}
size_t sg_copy_to_buffer(scatterlist* list, unsigned int count, void* buf, size_t len) {
  return Copy(list, count, static_cast<char*>(buf), len, true);
}

}  // extern "C"
