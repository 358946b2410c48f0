// Programs for live mode: found as a shell finds them, and refused before they start if their
// system calls could not be intercepted.
#ifndef DRYDOCK_TOOLS_COMMAND_PROGRAM_FILE_H_
#define DRYDOCK_TOOLS_COMMAND_PROGRAM_FILE_H_

#include <string>

namespace drydock::command {

// The file that `name` starts: itself if it has a slash, else the first of that name in `path`
// (PATH). "" and *error, one line, if there is none that can be executed.
std::string FindProgram(const std::string& name, const std::string& path, std::string* error);

// "" or the line that says why the program cannot run live: statically linked, set-uid or set-gid,
// with file capabilities, for another machine or another C library. Of a script, its interpreter is
// looked at.
std::string WhyNotLive(const std::string& file);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_PROGRAM_FILE_H_
