#include "trust/command_trust.h"

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "platform/files.h"
#include "protocol/tuf/trusted_set.h"
#include "trust/tuf/download.h"

namespace redflag::kernel {
namespace {

using redflag::tuf::kMaxMetadataBytes;
using redflag::tuf::kMaxRootBytes;
constexpr std::string_view kRootEnding = ".root.json";
// An empty file: the root was pinned by an enrolment that has not succeeded yet.
constexpr const char* kPending = "pending";
constexpr const char* kHowToLeave =
    ". Nothing was changed. If this machine is to belong to another server, `redflag-agent forget-server` "
    "says what it gives up";

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

std::string describe(std::int64_t version, const std::string& hash) {
  return std::to_string(version) + " (" + toHex(hash).substr(0, 16) + "…)";
}

}  // namespace

CommandTrust::CommandTrust(std::filesystem::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock), why_not_("the list of command keys was not fetched yet") {}

Result<std::optional<std::string>> CommandTrust::presentRoot() const {
  for (const auto& file : {tuf::Store(folder_ / "metadata").read(redflag::tuf::kRoot),
                           platform::readFile(folder_ / "first.json", kMaxRootBytes)}) {
    if (file) return std::optional(*file);
    if (file.error().code != Code::kNotFound) return failAt("trust root", file.error());
  }
  return std::optional<std::string>();
}

// Of those that were verified: the first, the present one, and those between.
bool CommandTrust::knows(const protocol::TrustRoot& pinned, std::int64_t present_version) const {
  std::vector<Result<std::string>> known = {
      platform::readFile(folder_ / "first.json", kMaxRootBytes),
      tuf::Store(folder_ / "metadata").read(redflag::tuf::kRoot),
  };
  // A later one was remembered when it came by, whatever was thought of it then.
  if (pinned.version <= present_version)
    known.push_back(platform::readFile(folder_ / "roots" / rootName(pinned.version), kMaxRootBytes));
  return std::any_of(known.begin(), known.end(),
                     [&](const auto& root) { return root && sha256(*root) == pinned.sha256; });
}

Result<> CommandTrust::beginAnew(const protocol::TrustRoot& pinned, tuf::Fetcher& metadata) {
  const auto root = tuf::fetchAll(metadata, rootName(pinned.version), kMaxRootBytes);
  if (!root) return failAt("trust root", root.error());
  if (sha256(*root) != pinned.sha256)
    return fail(Code::kDenied, "trust root: it is not the one that the enrolment bundle pins");
  std::error_code error;
  std::filesystem::remove_all(folder_ / "roots", error);  // another root's
  for (const char* part : {"", "metadata", "roots", "content"})
    if (auto ok = platform::makePrivateFolder(folder_ / part); !ok) return ok;
  if (auto ok = platform::writeFileAtomic(folder_ / kPending, ""); !ok) return ok;
  const tuf::Store store(folder_ / "metadata");
  for (const char* role : {"timestamp", "snapshot", "targets"})
    if (auto ok = store.remove(role); !ok) return ok;
  if (auto ok = tuf::trustRoot(store, *root); !ok) return ok;
  return platform::writeFileAtomic(folder_ / "first.json", *root);
}

Result<> CommandTrust::begin(const protocol::TrustRoot& pinned, tuf::Fetcher& metadata) {
  const auto present = presentRoot();
  if (!present) return passError(present.error());
  if (!*present) return beginAnew(pinned, metadata);
  auto trusted = redflag::tuf::TrustedSet::start(**present, clock_.epochNs());
  if (!trusted) return failAt("the trust root of this machine", trusted.error());
  const std::int64_t version = trusted->root().version;
  if (knows(pinned, version)) return {};
  std::error_code error;
  if (std::filesystem::exists(folder_ / kPending, error)) return beginAnew(pinned, metadata);
  const auto another = [&](const std::string& why) {
    return fail(Code::kDenied, "trust root: this machine trusts root " +
                                   describe(version, sha256(**present)) + ", the bundle names root " +
                                   describe(pinned.version, pinned.sha256) + ", and " + why + kHowToLeave);
  };
  if (pinned.version <= version) return another("that is none of its predecessors");
  if (pinned.version - version > tuf::kMaxRootRotations) return another("that is too far ahead");
  for (std::int64_t next = version + 1; next <= pinned.version; ++next) {
    const auto root = tuf::fetchAll(metadata, rootName(next), kMaxRootBytes);
    if (!root && root.error().code == Code::kUnavailable) return failAt("trust root", root.error());
    if (!root) return another("no root " + std::to_string(next) + " leads there: " + root.error().text);
    if (const auto follows = trusted->updateRoot(*root); !follows)
      return another("root " + std::to_string(next) + " does not follow: " + follows.error().text);
    if (next == pinned.version && sha256(*root) == pinned.sha256) return {};
  }
  return another("its successor of that number is another one");
}

Result<> CommandTrust::confirm() {
  return platform::removeFile(folder_ / kPending);
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
  const tuf::Store store(folder_ / "metadata");
  std::int64_t first = 0;
  std::int64_t present = 0;
  for (const auto& root :
       {store.read(redflag::tuf::kRoot), platform::readFile(folder_ / "first.json", kMaxRootBytes)}) {
    const auto document = root ? redflag::tuf::readDocument(*root, kMaxRootBytes, redflag::tuf::kRoot)
                               : passError(root.error());
    if (!document) continue;
    first = document->body.value("version", std::int64_t{0});
    present = std::max(present, first);
    metadata[rootName(first)] = *root;
  }
  // A later one came by and was refused: whoever is handed it would refuse all of this.
  for (std::int64_t version = first + 1; version < present; ++version) {
    const auto text = platform::readFile(folder_ / "roots" / rootName(version), kMaxRootBytes);
    if (text) metadata[rootName(version)] = *text;
  }
  // As a repository names them: the reader asks for versions that it reads in these very documents.
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
