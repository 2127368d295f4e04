#include "trust/tuf/store.h"

#include "platform/files.h"
#include "protocol/tuf/trusted_set.h"
#include "trust/tuf/fetcher.h"

namespace redflag::kernel::tuf {

std::filesystem::path Store::fileOf(const std::string& role) const {
  return folder_ / (percentEncoded(role) + ".json");
}

Result<> Store::prepare() const {
  return platform::makePrivateFolder(folder_);
}

Result<std::string> Store::read(const std::string& role) const {
  return platform::readFile(fileOf(role), redflag::tuf::kMaxMetadataBytes);
}

Result<> Store::write(const std::string& role, std::string_view content) const {
  return platform::writeFileAtomic(fileOf(role), content);
}

Result<> Store::remove(const std::string& role) const {
  return platform::removeFile(fileOf(role));
}

}  // namespace redflag::kernel::tuf
