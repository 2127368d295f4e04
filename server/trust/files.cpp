#include "trust/files.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "protocol/tuf/trusted_set.h"

namespace redflag::trust {

namespace fs = std::filesystem;

std::optional<std::string> readIfThere(const fs::path& file) {
  if (!fs::exists(file)) return std::nullopt;
  if (!fs::is_regular_file(file) || fs::file_size(file) > tuf::kMaxMetadataBytes)
    throw std::runtime_error(file.string() + ": expected a file of at most 16 MB");
  std::ifstream in(file, std::ios::binary);
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && !in.eof()) throw std::runtime_error(file.string() + ": it cannot be read");
  return out;
}

Json bodyOf(const std::string& text, const fs::path& file) {
  auto document = tuf::readDocument(text, tuf::kMaxMetadataBytes, file.string());
  if (!document) throw std::runtime_error(document.error().text);
  return std::move(document->body);
}

std::int64_t newestVersion(const fs::path& folder, const std::string& name) {
  std::int64_t newest = 0;
  const std::string end = "." + name + ".json";
  if (!fs::exists(folder)) return 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(end)) continue;
    std::int64_t version = 0;
    const char* last = file.data() + file.size() - end.size();
    const auto read = std::from_chars(file.data(), last, version);
    if (read.ec == std::errc() && read.ptr == last) newest = std::max(newest, version);
  }
  return newest;
}

fs::path versioned(const fs::path& folder, std::int64_t version, const std::string& name) {
  return folder / (std::to_string(version) + "." + name + ".json");
}

std::string hashedName(const std::string& target, const std::string& hash) {
  const fs::path path(target);
  return (path.parent_path() / (hash + "." + path.filename().string())).string();
}

void makePublicFolder(const fs::path& folder) {
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms(0755));
}

}  // namespace redflag::trust
