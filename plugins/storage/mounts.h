#pragma once
// What is mounted, as /proc/self/mountinfo says it, and which of it holds people's data.

#include <string>
#include <string_view>
#include <vector>

namespace redflag::storage {

struct Mount {
  std::string point;       // "/srv"
  std::string root;        // the folder of the file system that is mounted: "/", unless it is a part of it
  std::string device;      // "8:1": the same for every mount of one file system
  std::string source;      // "/dev/sda1", "server:/export"
  std::string filesystem;  // "ext4", "fuse.sshfs"
  bool read_only = false;
  std::string subvolume;  // btrfs: the path of the one that is mounted, "/@home"; "" elsewhere
  std::string id{};       // its own number among mounts
  std::string parent{};   // of the mount that it is mounted on

  bool operator==(const Mount&) const = default;
};

// One line each; proc(5). A line that is cut or malformed is left out.
std::vector<Mount> parseMounts(std::string_view mountinfo);

// Nothing is stored there: file systems of the kernel's own, and what has the room of another mount.
bool isPseudo(const Mount& mount);
// Answers only as long as somebody else does: a server, or a program.
bool isRemote(const Mount& mount);

// Whether the way to it leads through a remote one, so that whoever only looks there may have to wait for
// that.
bool isBeyondRemote(const Mount& mount, const std::vector<Mount>& mounts);

// Each file system once, under the mount that shows most of it (of btrfs's subvolumes under the shortest
// point), in the order of their points; read-only if none of its mounts can be written. What another one is
// mounted over cannot be reached and is left out, and so is what `skipped` names.
std::vector<Mount> worthLooking(std::vector<Mount> mounts, const std::vector<std::string>& skipped);

}  // namespace redflag::storage
