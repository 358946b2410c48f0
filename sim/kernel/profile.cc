#include "sim/kernel/profile.h"

#include <algorithm>
#include <array>

namespace drydock::kernel {
namespace {

constexpr Profile k601{};

constexpr Profile k612{
    .number = 612,
    .name = "6.12",
    .charges_before_unmap = true,
    .splits_off_below = true,
    .merges_beside_close = true,
    .aligns_large = true,
    .aligns_files = true,
    .stack_without_huge_pages = true,
    .knows_above_4g = true,
    .droppable = true,
    .sealed = uint64_t{1} << 63,
    .downgrades_below_stacks = true,
    .inserts_flag_first = true,
    .mixed_is_sigbus = true,
    .lists_pool_blocks = true,
    .makes_clean_writable = true,
    .grows_by_merging = true,
    .uncharges_untouched = true,
    .populates_to_hole = true,
    .pages_out_young = true,
};

constexpr Profile Make703() {
  Profile profile = k612;
  profile.number = 703;
  profile.name = "7.3";
  profile.aligns_files = false;
  profile.merges_once = true;
  profile.joins_with_pages = true;
  profile.huge_pages_below_2g = true;
  profile.sealed = uint64_t{1} << 42;
  profile.counts_reservations = true;
  profile.remap_tracks_last = true;
  profile.replaces_cache_type = true;
  profile.zaps_mixed = true;
  profile.inserts_pages_anywhere = true;
  profile.plain_frames = true;
  profile.shows_dirty_pages = true;
  profile.remap_checks_first = true;
  profile.moves_many = true;
  profile.mincore_walks_all = true;
  profile.accesses_one_page = true;
  profile.mem_needs_tracer = true;
  profile.no_dofork_of_special = true;
  return profile;
}

constexpr std::array<Profile, 3> kProfiles = {k601, k612, Make703()};

}  // namespace

const Profile& ProfileOf(int number) {
  const auto found =
      std::find_if(kProfiles.begin(), kProfiles.end(),
                   [number](const Profile& profile) { return profile.number == number; });
  return found != kProfiles.end() ? *found : kProfiles.front();
}

}  // namespace drydock::kernel
