#include "fuzz/minimise.h"

#include <algorithm>
#include <initializer_list>

namespace drydock::fuzz {
namespace {

constexpr uint32_t kAllProt = kProtRead | kProtWrite | kProtExec;
// A type and MAP_FIXED; what is larger has other bits.
constexpr uint32_t kPlainFlags = kMapShared | kMapPrivate | kMapFixed;

class Minimiser {
 public:
  Minimiser(const Program& program, const MinimiseLimits& limits, Reproducer& reproducer)
      : best_(program),
        np_(limits.object_pages == 0 ? 16 : limits.object_pages),
        runs_left_(limits.max_runs),
        reproducer_(reproducer) {}

  Program Run() {
    for (bool better = true; better && runs_left_ > 0;) {
      better = DropSteps();
      better |= SimplifyHeader();
      for (size_t i = 0; i < best_.step_count; ++i) better |= SimplifyStep(i);
    }
    return best_;
  }

 private:
  bool Try(const Program& candidate) {
    if (runs_left_ <= 0 || candidate == best_ || !IsValid(candidate)) return false;
    --runs_left_;
    if (!reproducer_.Shows(candidate)) return false;
    best_ = candidate;
    return true;
  }

  bool DropSteps() {
    bool better = false;
    for (size_t i = best_.step_count; i-- > 0;) {
      if (i < best_.step_count) better |= Try(Without(best_, i));
    }
    return better;
  }

  bool SimplifyHeader() {
    bool better = false;
    for (uint32_t n = 0; n < best_.header.fail_allocation && !better; ++n) {
      Program candidate = best_;
      candidate.header.fail_allocation = n;
      better = Try(candidate);
    }
    return better;
  }

  // Tries simpler values from the simplest on; a value is not made less simple.
  template <class T>
  bool Simplify(size_t index, T Step::* field, std::initializer_list<T> values) {
    for (const T value : values) {
      if (best_.steps[index].*field == value) return false;
      Program candidate = best_;
      candidate.steps[index].*field = value;
      if (Try(candidate)) return true;
    }
    return false;
  }
  bool SimplifyBytes(size_t index, uint64_t Step::* field) {
    const uint64_t before = best_.steps[index].*field;
    const std::initializer_list<uint64_t> plain = {0,
                                                   Pages(1),
                                                   Pages(np_ - 1),
                                                   Pages(np_),
                                                   Pages(np_ + 1),
                                                   Pages(2),
                                                   Pages(uint64_t{1} << 19),
                                                   Pages(uint64_t{1} << 20)};
    if (Simplify<uint64_t>(index, field, plain)) return true;
    // No boundary shows it: as few bits as will do; tens and hundreds of pages stay as they are.
    if (before < Pages(1024) || std::find(plain.begin(), plain.end(), before) != plain.end()) {
      return false;
    }
    for (unsigned bit = 0; bit < 64; ++bit) {
      Program candidate = best_;
      candidate.steps[index].*field &= ~(uint64_t{1} << bit);
      Try(candidate);
    }
    return best_.steps[index].*field != before;
  }

  // As few bits as will do, where no plain value did.
  bool ClearBits(size_t index, uint32_t Step::* field) {
    bool better = false;
    for (unsigned bit = 32; bit-- > 0;) {
      if ((best_.steps[index].*field >> bit & 1) == 0) continue;
      Program candidate = best_;
      candidate.steps[index].*field &= ~(uint32_t{1} << bit);
      better |= Try(candidate);
    }
    return better;
  }
  bool SimplifyProt(size_t index) {
    return Simplify<uint32_t>(
               index, &Step::prot,
               {kProtRead | kProtWrite, kProtRead, kProtRead | kProtExec, kProtExec, 0}) ||
           (best_.steps[index].prot > kAllProt && ClearBits(index, &Step::prot));
  }

  bool SimplifyStep(size_t i) {
    bool better = false;
    switch (best_.steps[i].call) {
      case Call::kOpen:
        better |= Simplify<uint32_t>(i, &Step::flags, {kOpenReadWrite, 0}) ||
                  (best_.steps[i].flags > kOpenReadWrite && ClearBits(i, &Step::flags));
        break;
      case Call::kMmap:
      case Call::kAnonymous:
        better |= DropAddress(i);
        better |= Simplify<uint32_t>(i, &Step::flags,
                                     {kMapShared, kMapPrivate, kMapShared | kMapFixed}) ||
                  (best_.steps[i].flags > kPlainFlags && ClearBits(i, &Step::flags));
        better |= SimplifyProt(i);
        better |= SimplifyBytes(i, &Step::offset);
        better |= SimplifyBytes(i, &Step::length);
        better |= SimplifyBytes(i, &Step::at_offset);
        break;
      case Call::kMprotect:
        better |= SimplifyProt(i);
        [[fallthrough]];
      case Call::kMunmap:
      case Call::kMadvise:
      case Call::kMlock:
      case Call::kMunlock:
      case Call::kMincore:
        better |= SimplifyBytes(i, &Step::offset);
        better |= SimplifyBytes(i, &Step::length);
        break;
      case Call::kMseal:
        better |= Simplify<uint32_t>(i, &Step::flags, {0});
        better |= SimplifyBytes(i, &Step::offset);
        better |= SimplifyBytes(i, &Step::length);
        break;
      case Call::kMsync:
        better |= Simplify<uint32_t>(i, &Step::flags, {kMsSync, kMsAsync, 0});
        better |= SimplifyBytes(i, &Step::offset);
        better |= SimplifyBytes(i, &Step::length);
        break;
      case Call::kPoll:
        better |= Simplify<uint32_t>(i, &Step::flags, {kPollIn, kPollOut, 0}) ||
                  ClearBits(i, &Step::flags);
        break;
      case Call::kVmReadv:
      case Call::kVmWritev:
      case Call::kMemRead:
      case Call::kMemWrite:
        better |= Simplify<uint8_t>(i, &Step::process, {0});
        better |= SimplifyBytes(i, &Step::offset);
        better |= Simplify<uint64_t>(i, &Step::length, {8, 1});
        break;
      case Call::kMremap:
        better |= DropAddress(i);
        better |= Simplify<uint32_t>(i, &Step::flags, {0, kMremapMaymove});
        better |= SimplifyBytes(i, &Step::offset);
        better |= SimplifyBytes(i, &Step::length);
        better |= SimplifyBytes(i, &Step::new_length);
        better |= SimplifyBytes(i, &Step::at_offset);
        break;
      case Call::kLoad:
      case Call::kStore:
      case Call::kRead:
      case Call::kWrite:
        better |= SimplifyBytes(i, &Step::offset);
        better |= Simplify<uint64_t>(i, &Step::length, {8, 1});
        break;
      case Call::kLseek:
      case Call::kIoctl:
        better |= SimplifyBytes(i, &Step::offset);
        break;
      case Call::kClose:
      case Call::kFork:
      case Call::kExit:
      case Call::kSwitch:
      case Call::kUnbind:
      case Call::kBind:
        break;
    }
    return better;
  }

  bool DropAddress(size_t i) {
    if (best_.steps[i].at == kNone) return false;
    Program candidate = best_;
    Step& step = candidate.steps[i];
    step.at = kNone;
    step.at_offset = 0;
    step.flags &= step.call == Call::kMremap ? ~kMremapFixed : ~(kMapFixed | kMapFixedNoreplace);
    return Try(candidate);
  }

  Program best_;
  const uint64_t np_;
  int runs_left_;
  Reproducer& reproducer_;
};

}  // namespace

Program Minimise(const Program& program, const MinimiseLimits& limits, Reproducer& reproducer) {
  return Minimiser(program, limits, reproducer).Run();
}

}  // namespace drydock::fuzz
