// Which rules of docs/mmap-rules.md a program has shown, as far as a call, its answer and the
// address space before and after tell: a rule that was kept and left no trace is not counted.
#ifndef DRYDOCK_KMOD_CONFORM_RULES_SEEN_H_
#define DRYDOCK_KMOD_CONFORM_RULES_SEEN_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/program.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

// The ids that can be told, in the order of the document.
std::span<const std::string_view> RuleIds();

// The last profile whose kernel keeps RuleIds()[rule], as 612.
int LastProfileOf(size_t rule);

// Adds to counts[i] the steps that showed RuleIds()[i]. Precondition: counts has their size.
void CountRules(const fuzz::Program& program, const Shown& shown, std::vector<size_t>* counts);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_RULES_SEEN_H_
