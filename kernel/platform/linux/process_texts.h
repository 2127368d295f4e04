#pragma once
// What /proc says of one process, line by line. Whoever owns the process chooses the names in it: of files
// and folders, of its memory, and of control groups below its own. Sources: proc_pid_maps(5), cgroups(7).

#include <string_view>

namespace redflag::platform {

// The file that a line of /proc/PID/maps says is executed, as it stands there; "": none is.
// "7f…-7f… r-xp 00000000 fe:01 1234   /usr/lib/libz.so.1 (deleted)"
std::string_view executedFile(std::string_view line);

// Whether such a file was removed, or another took its place; and its path without that mark.
bool isMarkedGone(std::string_view file);
std::string_view withoutMark(std::string_view file);

// Whether a program makes such a file for itself while it runs, in a folder of temporary files or by that
// name: Java's unpack native libraries there, and remove them as soon as they are mapped.
bool isTemporary(std::string_view path);

// The control group that a line of /proc/PID/cgroup names, if it is of the unified hierarchy or of systemd's
// own; "": of another one, or the root.
std::string_view controlGroup(std::string_view line);

}  // namespace redflag::platform
