#pragma once
// What programs execute, and which of them still run code that is no longer on disk: their file was replaced,
// or removed, since. Source: proc_pid_maps(5), and the question that Debian's needrestart asks.

#include <cstdint>
#include <string>
#include <vector>

namespace redflag::platform {

struct OutdatedProcess {
  std::int64_t pid = 0;
  std::string command;             // of at most 16 bytes, as the kernel keeps it
  std::string control_group;       // "/system.slice/ssh.service"; "" where there are none
  std::vector<std::string> files;  // that it maps to execute, and that are gone; at most 32
};

struct OutdatedProcesses {
  std::vector<OutdatedProcess> found;  // by pid
  bool is_cut = false;                 // there are more of them
  std::int64_t unreadable = 0;         // processes that this user may not look into
};

// Files below `folders` count; what a program made itself, in memory or in a folder of temporary files
// wherever that is, says nothing about an update. At most so many are told. About 0.1 ms a process. Threads:
// any.
OutdatedProcesses outdatedProcesses(const std::vector<std::string>& folders, std::size_t most = 2000);

// What the processes of one control group map to execute, by its path when it was opened.
struct UsedFiles {
  std::string control_group;       // "" for all that are in none
  std::vector<std::string> files;  // sorted
  bool is_cut = false;             // there are more of them
};

struct FilesInUse {
  std::vector<UsedFiles> groups;  // by control group
  bool is_cut = false;            // there are more groups, or more files in them
};

struct MostInUse {
  std::size_t groups = 2000;
  std::size_t files = 512;       // of one group
  std::size_t bytes = 7U << 19;  // of all names, as they are written in JSON
};

// As outdatedProcesses() else.
FilesInUse filesInUse(const std::vector<std::string>& folders, const MostInUse& most = {});

// Where packages put programs and libraries.
std::vector<std::string> packageFolders();

}  // namespace redflag::platform
