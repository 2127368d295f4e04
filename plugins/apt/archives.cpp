#include "archives.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/indexfile.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "apt_errors.h"
#include "release_head.h"

namespace redflag::apt {
namespace {

std::string releaseUri(const metaIndex& source) {
  const auto distribution = source.GetDist();
  if (distribution == "/") return source.GetURI();
  if (distribution.ends_with('/')) return source.GetURI() + distribution;
  return source.GetURI() + "dists/" + distribution + "/";
}

// The Release file on disk, signed inline or not; "" when there is none.
std::string releaseFile(const metaIndex& source) {
  const auto base = _config->FindDir("Dir::State::lists") + URItoFileName(releaseUri(source));
  for (const auto* name : {"InRelease", "Release"})
    if (RealFileExists(base + name)) return base + name;
  return {};
}

// Which package indexes an archive offers: apt skips those of architectures that it does not have, or has
// nothing for. Nearly always its head says enough; else libapt reads all of it.
class Offer {
 public:
  Offer(const metaIndex& source, std::string release_file, const ReleaseHead& head)
      : source_(source), release_file_(std::move(release_file)), head_(head) {}

  bool hasComponent(const IndexTarget& target) {
    const auto component = target.Option(IndexTarget::COMPONENT);
    return head_.lists("Components", component) || !load() || release_->HasSupportForComponent(component);
  }
  bool has(const IndexTarget& target) {
    const auto architecture = target.Option(IndexTarget::ARCHITECTURE);
    if (architecture.empty()) return true;
    if (architecture == "all" && head_.lists("No-Support-for-Architecture-all", "Packages")) return false;
    if (!load()) return true;
    if (!release_->IsArchitectureSupported(architecture)) return false;
    if (architecture == "all" && !release_->IsArchitectureAllSupportedFor(target)) return false;
    return release_->Exists(target.MetaKey) || !saysWhatItHas();
  }

 private:
  // Of an architecture that such an archive names, and names no list for, apt fetches nothing and says
  // nothing.
  bool saysWhatItHas() const {
    return head_.namesLists() && !release_->IsArchitectureSupported("*undefined*");
  }
  bool load() {
    if (release_) return loaded_;
    release_.reset(source_.UnloadedClone());
    std::string error;
    loaded_ = release_->Load(release_file_, &error);
    forgetAptErrors();
    return loaded_;
  }

  const metaIndex& source_;
  std::string release_file_;
  const ReleaseHead& head_;
  std::unique_ptr<metaIndex> release_;
  bool loaded_ = false;
};

std::vector<IndexTarget> packageTargets(const metaIndex& source) {
  auto targets = source.GetIndexTargets();
  std::erase_if(targets, [](const IndexTarget& target) {
    return target.Option(IndexTarget::CREATED_BY) != "Packages";
  });
  return targets;
}

Problem noLists(const std::string& what) {
  return {RF_TRANSIENT, "apt.no_lists", what + ": its package lists were never fetched, or the fetch failed"};
}

// apt checks a list when it fetches it and never again: one that a crash or a full disk cut off reads as a
// short one. Lists kept compressed have another size.
std::optional<Problem> damagedLists(const ReleaseHead& head, const std::vector<IndexTarget>& targets) {
  for (const auto& target : targets) {
    const auto file = target.Option(IndexTarget::EXISTING_FILENAME);
    const auto size = head.sizeOf(target.MetaKey);
    std::error_code error;
    if (!size || !file.ends_with("Packages")) continue;
    const auto found = std::filesystem::file_size(file, error);
    if (!error && found != *size)
      return Problem{RF_TRANSIENT, "apt.lists_broken",
                     target.Description + ": the list has " + std::to_string(found) +
                         " bytes, the archive signed " + std::to_string(*size) +
                         "; apt-get update fetches it again once " + file + " is removed"};
  }
  return std::nullopt;
}

std::optional<Problem> missingLists(const metaIndex& source, const std::string& release_file,
                                    const ReleaseHead& head, const std::vector<IndexTarget>& targets) {
  std::vector<const IndexTarget*> missing;
  for (const auto& target : targets) {
    // Of a list that is empty apt takes the Release file's word, and keeps no file.
    const bool is_empty = head.sizeOf(target.MetaKey) == std::uint64_t{0};
    if (!is_empty && target.Option(IndexTarget::EXISTING_FILENAME).empty()) missing.push_back(&target);
  }
  if (missing.empty()) return std::nullopt;
  if (release_file.empty()) {
    // Without a Release file apt fetches what it finds, of an archive whose owner said that it can be
    // trusted.
    if (missing.size() < targets.size()) return std::nullopt;
    return noLists(archiveKey(source.GetURI(), source.GetDist()));
  }
  Offer offer(source, release_file, head);
  for (const auto* target : missing) {
    if (!offer.hasComponent(*target))
      return Problem{RF_MISCONFIGURED, "apt.source_broken",
                     target->Description + ": the archive has no such component"};
    if (offer.has(*target)) return noLists(target->Description);
  }
  return std::nullopt;
}

// When apt stops believing the lists, seconds since the epoch. Settings and options of the entry can shift or
// drop the date that the archive wrote; apt is asked for that only once the written date is over.
std::int64_t validUntil(const metaIndex& source, const std::string& release_file, const ReleaseHead& head,
                        std::int64_t now) {
  const auto written = head.time("Valid-Until");
  if (written == 0 || written >= now) return written;
  const std::unique_ptr<metaIndex> release(source.UnloadedClone());
  std::string error;
  const bool loaded = release->Load(release_file, &error);
  forgetAptErrors();
  return loaded ? release->GetValidUntil() : written;
}

std::optional<Problem> staleLists(const Archive& archive, const Settings& settings, const Lists& lists,
                                  std::int64_t now) {
  if (archive.valid_until != 0 && archive.valid_until < now)
    return Problem{RF_TRANSIENT, "apt.lists_stale",
                   archive.key + ": its lists were valid until " +
                       TimeRFC1123(static_cast<time_t>(archive.valid_until), true)};
  // The scanner's own ones say of each archive whether it could be asked.
  const bool expected = settings.refresh != plugin::Refresh::kNever && !lists.own;
  if (expected && now - lists.refreshed_at > settings.refresh_after_s)
    return Problem{RF_TRANSIENT, "apt.lists_stale",
                   archive.key + ": the lists were not refreshed for " +
                       TimeToStr(static_cast<unsigned long>(now - lists.refreshed_at))};
  return std::nullopt;
}

// Also where lists of an earlier time are there: what they say is true, and not all.
std::optional<Problem> notFetched(const metaIndex& source, const Archive& archive, const Lists& lists) {
  const auto why = lists.failureOf(source);
  if (why.empty()) return archive.problem;
  return Problem{RF_TRANSIENT, "apt.refresh_failed", archive.key + ": " + why};
}

}  // namespace

std::string archiveKey(const std::string& uri, const std::string& distribution) {
  ::URI parts(uri);
  const bool local = parts.Host.empty();
  auto place = local ? parts.Access + ":" + parts.Path : parts.Host + parts.Path;
  while (place.size() > 1 && place.ends_with('/'))
    place.pop_back();
  return place + " " + distribution;
}

std::vector<Archive> readArchives(pkgSourceList& sources, const Settings& settings, const Lists& lists,
                                  std::int64_t now) {
  std::vector<Archive> archives;
  for (const auto* source : sources) {
    const auto targets = packageTargets(*source);
    if (targets.empty()) continue;  // sources of source packages only
    Archive archive;
    archive.key = archiveKey(source->GetURI(), source->GetDist());
    for (const auto& target : targets)
      archive.files.push_back(target.Option(IndexTarget::FILENAME));
    const auto release_file = releaseFile(*source);
    const ReleaseHead head(release_file);
    archive.valid_until = validUntil(*source, release_file, head, now);
    archive.problem = missingLists(*source, release_file, head, targets);
    if (!archive.problem) archive.problem = damagedLists(head, targets);
    if (!archive.problem) archive.problem = staleLists(archive, settings, lists, now);
    if (!archive.problem || archive.problem->status == RF_TRANSIENT)
      archive.problem = notFetched(*source, archive, lists);
    const auto same = std::find_if(archives.begin(), archives.end(),
                                   [&](const Archive& other) { return other.key == archive.key; });
    if (same == archives.end()) {
      archives.push_back(std::move(archive));
      continue;
    }
    archive.files.insert(archive.files.end(), same->files.begin(), same->files.end());
    if (archive.problem) {
      *same = std::move(archive);
    } else {
      same->files = std::move(archive.files);
    }
  }
  return archives;
}

}  // namespace redflag::apt
