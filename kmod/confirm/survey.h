// Whose the pages are that programs see: the driver's, in the simulation, and by what the survey's
// programs showed in both worlds, in the kernel.
#ifndef DRYDOCK_KMOD_CONFIRM_SURVEY_H_
#define DRYDOCK_KMOD_CONFIRM_SURVEY_H_

#include <vector>

#include "fuzz/program.h"
#include "kmod/confirm/judge.h"
#include "kmod/observe/shown.h"
#include "sim/kernel/kernel.h"

namespace drydock::kmod {

// The runs of an address space of the simulation; not what is anonymous or the zero page.
std::vector<OwnedRun> OwnedRunsOf(kernel::Kernel& kernel, const std::vector<ptdump_record>& space);

// Adds what one of the survey's programs showed. `owned`: by step, as OwnedRunsOf() says.
void AddSurvey(const fuzz::Program& program, const Shown& sim, const Shown& there,
               const std::vector<std::vector<OwnedRun>>& owned, Survey* survey);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFIRM_SURVEY_H_
