#include "mounts.h"

#include <algorithm>
#include <map>
#include <set>

namespace redflag::storage {
namespace {

// "\040" is a space: the kernel writes what would end a field as three octal digits.
std::string unescaped(std::string_view text) {
  const auto isOctal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digits = text.substr(i + 1, 3);
    if (text[i] != '\\' || digits.size() < 3 || !std::all_of(digits.begin(), digits.end(), isOctal)) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0')));
    i += 3;
  }
  return out;
}

std::vector<std::string_view> fieldsOf(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) out.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

bool hasOption(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const auto end = std::min(options.find(','), options.size());
    if (options.substr(0, end) == wanted) return true;
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return false;
}

// ext4 stays "rw" after an error since Linux 6.15, and says in another word that it takes no writes any more.
bool takesNoWrites(std::string_view options) {
  return hasOption(options, "ro") || hasOption(options, "emergency_ro") || hasOption(options, "shutdown");
}

// The last of btrfs's options: whatever follows is part of its path.
std::string subvolumeOf(std::string_view filesystem, std::string_view options) {
  constexpr std::string_view kName = "subvol=";
  if (filesystem != "btrfs") return {};
  for (std::size_t at = 0; at < options.size(); at = std::min(options.find(',', at), options.size() - 1) + 1)
    if (options.substr(at).starts_with(kName)) return unescaped(options.substr(at + kName.size()));
  return {};
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
bool parseLine(std::string_view line, Mount& out) {
  const auto fields = fieldsOf(line);
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 7 || dash - fields.begin() < 6 || fields.end() - dash < 4) return false;
  out.id = fields[0];
  out.parent = fields[1];
  out.device = fields[2];
  out.root = unescaped(fields[3]);
  out.point = unescaped(fields[4]);
  out.filesystem = unescaped(dash[1]);
  out.source = unescaped(dash[2]);
  out.read_only = hasOption(fields[5], "ro") || takesNoWrites(dash[3]);
  out.subvolume = subvolumeOf(out.filesystem, dash[3]);
  return out.point.starts_with('/');
}

bool isBelow(const std::string& point, const std::string& folder) {
  return point == folder || folder == "/" || (point.starts_with(folder) && point[folder.size()] == '/');
}

// Which mounts cannot be reached for what is mounted over them. The order of the lines does not say it: what
// was mounted before the root was (/run, by an initramfs) and moved into it stands before it.
class Covered {
 public:
  explicit Covered(const std::vector<Mount>& mounts) : mounts_(mounts), beside_(mounts.size()) {
    for (std::size_t i = 0; i < mounts.size(); ++i) {
      by_id_.emplace(mounts[i].id, i);
      beside_[i] = isCoveredBeside(i);
    }
  }
  bool contains(std::size_t index) const {
    const auto& mount = mounts_[index];
    const bool on_top = std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& other) {
      return other.parent == mount.id && other.id != mount.id && other.point == mount.point;
    });
    if (on_top) return true;
    for (std::size_t steps = 0; steps < mounts_.size(); ++steps) {
      if (beside_[index]) return true;
      const auto parent = by_id_.find(mounts_[index].parent);
      if (parent == by_id_.end()) return false;
      index = parent->second;
    }
    return false;
  }

 private:
  // By another one on the same mount, at a folder above.
  bool isCoveredBeside(std::size_t index) const {
    const auto& mount = mounts_[index];
    if (mount.id == mount.parent) return false;  // the first root, on which all others are
    for (std::size_t i = 0; i < mounts_.size(); ++i) {
      const auto& other = mounts_[i];
      if (i == index || other.parent != mount.parent || other.id == other.parent) continue;
      if (isBelow(mount.point, other.point) && (other.point != mount.point || i > index)) return true;
    }
    return false;
  }

  const std::vector<Mount>& mounts_;
  std::map<std::string_view, std::size_t> by_id_;
  std::vector<bool> beside_;
};

// How far the way to a subvolume is within its file system says nothing: openSUSE's "/" is
// "/@/.snapshots/1/snapshot", beside "/@/opt".
bool showsMore(const Mount& one, const Mount& other) {
  const auto rank = [](const Mount& mount) {
    const bool is_whole = !mount.subvolume.empty() && mount.root == mount.subvolume;
    return std::pair(is_whole ? std::size_t{1} : mount.root.size(), mount.point.size());
  };
  return rank(one) < rank(other);
}

}  // namespace

std::vector<Mount> parseMounts(std::string_view mountinfo) {
  std::vector<Mount> out;
  while (!mountinfo.empty()) {
    const auto end = std::min(mountinfo.find('\n'), mountinfo.size());
    Mount mount;
    if (parseLine(mountinfo.substr(0, end), mount)) out.push_back(std::move(mount));
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
  }
  return out;
}

bool isPseudo(const Mount& mount) {
  static const std::set<std::string_view> kPseudo{
      "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
      "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rpc_pipefs",
      "securityfs", "selinuxfs", "sysfs", "tracefs", "squashfs", "iso9660", "fuse.gvfsd-fuse", "fuse.portal",
      "fuse.lxcfs",
      // Images, full by nature; a container's snaps too.
      "erofs", "cramfs", "fuse.snapfuse", "fuse.squashfuse"};
  if (kPseudo.contains(mount.filesystem)) return true;
  // A disc, or the image of one; a stick's can be written.
  if (mount.filesystem == "udf") return mount.read_only;
  // A snapshot, which is mounted by itself as soon as somebody looks into it, has the room of its dataset.
  if (mount.filesystem == "zfs") return mount.source.find('@') != std::string::npos;
  // A container's, or an extension's: full once that is which its upper folder lies on. Within a container
  // nothing else shows that. composefs makes the root of an image, which has no room at all.
  if (mount.filesystem == "overlay" || mount.filesystem == "fuse.fuse-overlayfs")
    return mount.point != "/" || mount.source == "composefs";
  // Memory of the system's own, or of a container; within one, its devices are there too.
  const auto below = [&](const char* folder) { return mount.point.starts_with(folder); };
  return mount.filesystem == "tmpfs" &&
         (mount.point == "/dev" || below("/dev/") || below("/proc/") || below("/sys/") ||
          below("/run/credentials/") || mount.point.find("/kubelet/pods/") != std::string::npos ||
          mount.point.ends_with("/shm"));
}

bool isRemote(const Mount& mount) {
  static const std::set<std::string_view> kRemote{
      "nfs",   "nfs4", "cifs",    "smb3",     "smbfs",  "9p",   "ceph",  "afs",    "glusterfs", "lustre",
      "ncpfs", "fuse", "fuseblk", "virtiofs", "beegfs", "gpfs", "panfs", "vboxsf", "vmhgfs"};
  return kRemote.contains(mount.filesystem) || mount.filesystem.starts_with("fuse.");
}

bool isBeyondRemote(const Mount& mount, const std::vector<Mount>& mounts) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const Mount& other) {
    return other.point != mount.point && isBelow(mount.point, other.point) && isRemote(other);
  });
}

std::vector<Mount> worthLooking(std::vector<Mount> mounts, const std::vector<std::string>& skipped) {
  const Covered covered(mounts);
  std::map<std::string, Mount> by_device;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const auto& mount = mounts[i];
    const bool unwanted = std::any_of(skipped.begin(), skipped.end(), [&](const std::string& folder) {
      return isBelow(mount.point, folder);
    });
    if (unwanted || isPseudo(mount) || covered.contains(i)) continue;
    const auto [known, fresh] = by_device.emplace(mount.device, mount);
    if (fresh) continue;
    // Where the root is a snapshot or an image, other parts of the same file system are written to.
    const bool read_only = known->second.read_only && mount.read_only;
    if (showsMore(mount, known->second)) known->second = mount;
    known->second.read_only = read_only;
  }
  std::vector<Mount> out;
  out.reserve(by_device.size());
  for (auto& [device, mount] : by_device)
    out.push_back(std::move(mount));
  std::sort(out.begin(), out.end(), [](const Mount& a, const Mount& b) { return a.point < b.point; });
  return out;
}

}  // namespace redflag::storage
