#pragma once
// Where a server keeps everything: server/README.md lists it. One server at a time.

#include <filesystem>
#include <string>

namespace redflag::server {

class DataFolder {
 public:
  // Makes the folder (mode 0700) with its parts. Throws std::runtime_error when it cannot, or when somebody
  // else owns it or can write to it.
  static DataFolder make(const std::filesystem::path& folder);
  // Throws std::runtime_error when `init` was not run there.
  static DataFolder open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path database() const { return folder_ / "redflag.db"; }  // unless it is elsewhere
  std::filesystem::path settings() const { return folder_ / "server.yaml"; }
  std::filesystem::path tls() const { return folder_ / "tls"; }
  std::filesystem::path caCopy() const {
    return folder_ / "ca.pem";
  }  // of the active CA, for people and browsers
  std::filesystem::path commandKey() const { return folder_ / "keys/command.key"; }
  std::filesystem::path snapshotKey() const { return folder_ / "keys/snapshot.key"; }
  std::filesystem::path timestampKey() const { return folder_ / "keys/timestamp.key"; }
  std::filesystem::path auditKey() const { return folder_ / "keys/audit.key"; }
  // The audit log's newest signed head.
  std::filesystem::path auditHead() const { return folder_ / "audit.head"; }
  std::filesystem::path endings() const { return folder_ / "keys/endings"; }  // services/endings.h
  std::filesystem::path restored() const { return folder_ / "restored"; }     // keeper.h
  std::filesystem::path trust() const { return folder_ / "trust"; }           // what `keys publish` fills
  std::filesystem::path deviceKey() const { return folder_ / "keys/device.key"; }
  // Signs agents' access tokens. Another one: every agent asks for a new token once.
  std::filesystem::path accessKey() const { return folder_ / "keys/access.key"; }
  std::filesystem::path secondFactorKey() const { return folder_ / "keys/second_factor.key"; }
  // What a monitoring system shows to read /metrics.
  std::filesystem::path metricsToken() const { return folder_ / "keys/metrics.token"; }
  std::filesystem::path nonces() const { return folder_ / "keys/nonces"; }
  std::filesystem::path signatureClock() const { return folder_ / "keys/signature.clock"; }
  std::filesystem::path url() const { return folder_ / "server.url"; }  // there once the server listens

 private:
  friend class FolderLock;
  explicit DataFolder(std::filesystem::path folder);
  void check() const;

  std::filesystem::path folder_;
};

// Held for as long as it lives; ends with the process, however that ends.
class FolderLock {
 public:
  // Throws std::runtime_error when another process holds it.
  explicit FolderLock(const DataFolder& data);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace redflag::server
