#include "trust/tuf/download.h"

#include <array>
#include <fstream>

#include "platform/files.h"
#include "platform/unfinished.h"

namespace redflag::kernel::tuf {
namespace {

constexpr std::size_t kMaxFileNameBytes = 240;  // with what a temporary file's name adds, of 255

bool isThere(const std::filesystem::path& file, const redflag::tuf::FileInfo& info) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(file, error))) return false;
  std::ifstream in(file, std::ios::binary);
  redflag::tuf::ContentCheck check(info);
  std::array<char, 65536> part{};
  while (in.read(part.data(), part.size()) || in.gcount() > 0) {
    if (!check.add({part.data(), static_cast<std::size_t>(in.gcount())})) return false;
  }
  return in.eof() && check.finish().has_value();
}

}  // namespace

Result<std::filesystem::path> targetFile(const std::filesystem::path& folder, const std::string& name) {
  const std::string file = percentEncoded(name);
  if (name.empty() || file.size() > kMaxFileNameBytes) {
    return fail(Code::kInvalid, "target name: expected one of 1 to " + std::to_string(kMaxFileNameBytes) +
                                    " bytes, percent-encoded");
  }
  if (file == "." || file == "..")
    return fail(Code::kInvalid, "target name: \"" + name + "\" is no file's name");
  return folder / file;
}

Result<std::filesystem::path> download(Fetcher& content, const redflag::tuf::TargetFile& target,
                                       const std::string& reference, const std::filesystem::path& folder) {
  auto file = targetFile(folder, target.name);
  if (!file || isThere(*file, target.info)) return file;
  if (auto ok = platform::makePrivateFolder(folder); !ok) return tl::unexpected<Error>(ok.error());
  platform::removeUnfinished(*file);
  auto replacement = platform::FileReplacement::begin(*file);
  if (!replacement) return tl::unexpected<Error>(replacement.error());
  redflag::tuf::ContentCheck check(target.info);
  auto ok = content.fetch(reference, *target.info.length, [&](std::string_view part) {
    auto good = check.add(part);
    return good ? replacement->append(part) : good;
  });
  if (ok) ok = check.finish();
  if (ok) ok = replacement->commit();
  if (!ok) return failAt(target.name, ok.error());
  return file;
}

}  // namespace redflag::kernel::tuf
