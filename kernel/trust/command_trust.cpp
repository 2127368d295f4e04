#include "trust/command_trust.h"

#include "base/encoding.h"
#include "platform/files.h"
#include "trust/tuf/download.h"

namespace redflag::kernel {
namespace {

using redflag::tuf::kMaxMetadataBytes;
using redflag::tuf::kMaxRootBytes;
constexpr std::string_view kRootEnding = ".root.json";

tl::unexpected<Error> passError(const Error& error) {
  return tl::unexpected<Error>(error);
}

// Remembers the roots that came by: a client that is further behind needs each of them.
class RememberedRoots final : public tuf::Fetcher {
 public:
  RememberedRoots(tuf::Fetcher& behind, std::filesystem::path folder)
      : behind_(behind), folder_(std::move(folder)) {}

  Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) override {
    if (!reference.ends_with(kRootEnding)) return behind_.fetch(reference, max_bytes, sink);
    const auto root = tuf::fetchAll(behind_, reference, max_bytes);
    if (!root) return passError(root.error());
    if (auto ok = platform::writeFileAtomic(folder_ / reference, *root); !ok) return ok;
    return sink(*root);
  }

 private:
  tuf::Fetcher& behind_;
  std::filesystem::path folder_;
};

std::string rootName(std::int64_t version) {
  return std::to_string(version) + std::string(kRootEnding);
}

}  // namespace

CommandTrust::CommandTrust(std::filesystem::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock), why_not_("the list of command keys was not fetched yet") {}

Result<> CommandTrust::begin(const protocol::TrustRoot& pinned, const std::string& root) {
  // Whoever enrols again goes on with what is known: a server must not make them forget.
  if (pinnedRoot(pinned)) return {};
  if (sha256(root) != pinned.sha256) {
    return fail(Code::kDenied, "trust root: it is not the one that the enrolment bundle pins");
  }
  for (const char* part : {"", "metadata", "roots", "content"})
    if (auto ok = platform::makePrivateFolder(folder_ / part); !ok) return ok;
  const tuf::Store store(folder_ / "metadata");
  for (const char* role : {"timestamp", "snapshot", "targets"})
    if (auto ok = store.remove(role); !ok) return ok;
  if (auto ok = tuf::trustRoot(store, root); !ok) return ok;
  return platform::writeFileAtomic(folder_ / "first.json", root);
}

Result<> CommandTrust::begin(const protocol::TrustRoot& pinned, tuf::Fetcher& metadata) {
  if (pinnedRoot(pinned)) return {};
  const auto root = tuf::fetchAll(metadata, rootName(pinned.version), kMaxRootBytes);
  if (!root) return failAt("trust root", root.error());
  return begin(pinned, *root);
}

Result<std::string> CommandTrust::pinnedRoot(const protocol::TrustRoot& pinned) const {
  for (auto& known : {platform::readFile(folder_ / "first.json", kMaxRootBytes),
                      tuf::Store(folder_ / "metadata").read(redflag::tuf::kRoot)})
    if (known && sha256(*known) == pinned.sha256) return known;
  return fail(Code::kNotFound, "the pinned trust root is not here");
}

Result<CommandTrust::Known> CommandTrust::read(tuf::Client& client, tuf::Fetcher* content) {
  if (auto ok = client.refresh(); !ok) return passError(ok.error());
  const auto target = client.find(protocol::kCommandListTarget);
  if (!target) return fail(Code::kDenied, target.error().text);
  const auto place = tuf::targetFile(folder_ / "content", target->name);
  if (!place) return passError(place.error());
  if (content != nullptr) {
    if (auto got = tuf::download(*content, *target, client.referenceOf(*target), folder_ / "content"); !got) {
      return passError(got.error());
    }
  }
  const auto text = platform::readFile(*place, protocol::kMaxCommandListBytes);
  if (!text) return passError(text.error());
  if (auto ok = redflag::tuf::checkContent(target->info, *text); !ok) return failAt(target->name, ok.error());
  auto list = protocol::decodeCommandList(*text);
  if (!list) return passError(list.error());
  return Known{std::move(*list), client.targetsExpireNs()};
}

Result<> CommandTrust::keep(Result<Known> known) {
  const std::lock_guard lock(mutex_);
  if (known) {
    known_ = std::move(*known);
    return {};
  }
  why_not_ = known.error().text;
  if (known.error().code != Code::kUnavailable) known_.reset();
  return passError(known.error());
}

Result<> CommandTrust::refresh(tuf::Fetcher& metadata, tuf::Fetcher& content) {
  RememberedRoots remembering(metadata, folder_ / "roots");
  tuf::Client client(tuf::Store(folder_ / "metadata"), &remembering, clock_);
  return keep(read(client, &content));
}

Result<> CommandTrust::load() {
  tuf::Client client(tuf::Store(folder_ / "metadata"), nullptr, clock_);
  return keep(read(client, nullptr));
}

Result<protocol::CommandList> CommandTrust::commands() const {
  const std::lock_guard lock(mutex_);
  if (!known_) return fail(Code::kDenied, "no list of command keys is to be believed: " + why_not_);
  if (clock_.epochNs() >= known_->expires_ns) {
    return fail(Code::kDenied, "the list of command keys expired at " + toRfc3339(known_->expires_ns));
  }
  return known_->list;
}

Json CommandTrust::files() const {
  Json metadata = Json::object();
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "roots", error)) {
    const auto text = platform::readFile(entry.path(), kMaxRootBytes);
    if (text) metadata[entry.path().filename().string()] = *text;
  }
  // As a repository names them: the reader asks for versions that it reads in these very documents.
  const tuf::Store store(folder_ / "metadata");
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    const auto text = store.read(role);
    if (!text) continue;
    const auto document = redflag::tuf::readDocument(*text, kMaxMetadataBytes, role);
    if (!document) continue;
    metadata[std::string(role) + ".json"] = *text;
    metadata[document->body.value("version", Json(0)).dump() + "." + role + ".json"] = *text;
  }
  const auto place = tuf::targetFile(folder_ / "content", protocol::kCommandListTarget);
  const auto content = platform::readFile(*place, protocol::kMaxCommandListBytes);
  return {{"metadata", metadata}, {"content", content.value_or("")}};
}

Result<> HandedFiles::fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) {
  const char* member = part_ == Part::kMetadata ? "metadata" : "content";
  const Json* file = files_.is_object() && files_.contains(member) ? &files_[member] : nullptr;
  if (part_ == Part::kMetadata && file != nullptr) {
    file = file->is_object() && file->contains(reference) ? &(*file)[reference] : nullptr;
  }
  if (file == nullptr || !file->is_string()) return fail(Code::kNotFound, "it was not handed over");
  const auto& text = file->get_ref<const std::string&>();
  if (text.size() > max_bytes)
    return fail(Code::kLimit, "longer than " + std::to_string(max_bytes) + " bytes");
  return sink(text);
}

}  // namespace redflag::kernel
