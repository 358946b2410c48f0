// What the command prints: the heading and table of a check, each finding, the JSON file.
#ifndef DRYDOCK_TOOLS_COMMAND_REPORTS_H_
#define DRYDOCK_TOOLS_COMMAND_REPORTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/command/finding.h"

namespace drydock::command {

// "1,204,331".
std::string WithCommas(uint64_t number);
// "120 k/s", "1.2 M/s", "830/s".
std::string Rate(double per_second);

// One driver: its heading line and how many findings there are. More than one: a table.
std::string FormatTable(const std::vector<DriverReport>& reports);

// `replay` are the options of the command that replays it: --driver pump.c ...
std::string FormatFinding(const Finding& finding, const std::string& replay);

// The address space after the step, as a picture of boxes; "" if there is nothing to draw.
std::string DrawMaps(const std::string& maps);

// docs/json-schema.md.
std::string FormatJson(const std::vector<DriverReport>& reports, int exit_status);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_REPORTS_H_
