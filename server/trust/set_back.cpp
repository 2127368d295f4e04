#include "trust/set_back.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <mutex>
#include <stdexcept>

#include "auth/secret_file.h"
#include "base/json.h"
#include "base/time.h"
#include "trust/files.h"

namespace redflag::trust {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Json jsonOf(const TrustVersions& versions) {
  return {{"root", versions.root},
          {"targets", versions.targets},
          {"snapshot", versions.snapshot},
          {"timestamp", versions.timestamp},
          {"restore_epoch", versions.restore_epoch}};
}

TrustVersions versionsFrom(JsonReader& in, const char* key) {
  JsonReader versions(in.object(key), key);
  return {versions.integer("root", 0, kMost), versions.integer("targets", 0, kMost),
          versions.integer("snapshot", 0, kMost), versions.integer("timestamp", 0, kMost),
          versions.integer("restore_epoch", 0, kMost)};
}

std::string difference(const TrustVersions& seen, const TrustVersions& own) {
  std::string out;
  const auto add = [&out](const char* what, std::int64_t theirs, std::int64_t ours) {
    if (theirs <= ours) return;
    out += (out.empty() ? "" : ", ") + std::string(what) + " " + std::to_string(theirs) + " (here " +
           std::to_string(ours) + ")";
  };
  add("root", seen.root, own.root);
  add("targets", seen.targets, own.targets);
  add("snapshot", seen.snapshot, own.snapshot);
  add("timestamp", seen.timestamp, own.timestamp);
  add("restore epoch", seen.restore_epoch, own.restore_epoch);
  return out;
}

SetBack setBackFrom(const std::string& text, const std::string& where) {
  const auto json = parseJson(text, {.bytes = 4096, .depth = 4, .values = 100});
  if (!json) throw std::runtime_error(where + ": " + json.error().text);
  JsonReader in(*json, where);
  SetBack out;
  out.seen = versionsFrom(in, "seen");
  out.own = versionsFrom(in, "own");
  out.agent_id = in.text("agent_id", 64);
  out.at_ns = in.integer("at_ns", 0, kMost);
  if (auto ok = in.finish(); !ok) throw std::runtime_error(ok.error().text);
  return out;
}

std::string textOf(const SetBack& set_back) {
  return dumpJson({{"seen", jsonOf(set_back.seen)},
                   {"own", jsonOf(set_back.own)},
                   {"agent_id", set_back.agent_id},
                   {"at_ns", set_back.at_ns}});
}

// `one` is what was heard last.
SetBack bothOf(const SetBack& one, const SetBack& other) {
  return {newestOf(one.seen, other.seen), newestOf(one.own, other.own), one.agent_id, one.at_ns};
}

std::mutex& markMutex() {
  static std::mutex mutex;  // many agents come at once
  return mutex;
}

constexpr const char* kWhatToDo =
    "look at what it would order, then sign a higher epoch with `redflag-server keys commands "
    "--restore-epoch`";

std::string whyRestored(const std::filesystem::path& file, std::int64_t epoch) {
  const auto mark = readIfThere(file);
  std::int64_t before = 0;
  if (!mark) return "";
  const auto read = std::from_chars(mark->data(), mark->data() + mark->size(), before);
  if (read.ec == std::errc() && epoch > before) return "";
  return std::string("this server was restored from a backup: ") + kWhatToDo;
}

std::string whyBehind(const std::filesystem::path& file, const TrustVersions& published) {
  const auto mark = readSetBack(file);
  if (!mark) return "";
  const bool caught_up = published.root >= mark->seen.root && published.targets >= mark->seen.targets;
  const std::int64_t before = std::max(mark->seen.restore_epoch, mark->own.restore_epoch);
  if (caught_up && published.restore_epoch > before) return "";
  return "this server was set back to an earlier state: agent " + mark->agent_id +
         " had newer documents of it, " + difference(mark->seen, mark->own) + ", at " +
         toRfc3339(mark->at_ns).substr(0, 19) + "Z: publish the newest again from the offline keys, " +
         kWhatToDo + " (above " + std::to_string(before) + ")";
}

}  // namespace

TrustVersions newestOf(const TrustVersions& a, const TrustVersions& b) {
  return {std::max(a.root, b.root), std::max(a.targets, b.targets), std::max(a.snapshot, b.snapshot),
          std::max(a.timestamp, b.timestamp), std::max(a.restore_epoch, b.restore_epoch)};
}

bool isAhead(const TrustVersions& a, const TrustVersions& b) {
  return !(newestOf(a, b) == b);
}

std::optional<SetBack> readSetBack(const std::filesystem::path& file) {
  const auto text = readIfThere(file);
  if (!text) return std::nullopt;
  return setBackFrom(*text, file.string());
}

void writeSetBack(const std::filesystem::path& file, const SetBack& set_back) {
  auth::writeSecretFile(file, textOf(set_back) + "\n");
}

SetBackMarks marksIn(const std::filesystem::path& data) {
  return {data / "restored", data / "behind"};
}

Heard hearOfTrust(const std::filesystem::path& data, const Json& files, const std::string& agent_id,
                  std::int64_t now_ns) {
  const std::lock_guard lock(markMutex());
  const auto own = versionsIn(data / "trust");
  if (own.root == 0) return {};
  const auto seen = verifiedVersions(data / "trust", files, now_ns);
  if (!isAhead(seen, own)) return {};
  const auto file = marksIn(data).behind;
  const auto known = readSetBack(file);
  if (known && !isAhead(seen, known->seen)) return {true, ""};
  const SetBack heard{seen, own, agent_id, now_ns};
  writeSetBack(file, known ? bothOf(heard, *known) : heard);
  return {true, whyBehind(file, own)};
}

std::string shareSetBack(const std::filesystem::path& data, const std::string& others) {
  const std::lock_guard lock(markMutex());
  const auto file = marksIn(data).behind;
  const auto known = readSetBack(file);
  if (others.empty()) return known ? textOf(*known) : "";
  const SetBack told = setBackFrom(others, "what another server heard");
  if (!known || isAhead(told.seen, known->seen)) writeSetBack(file, known ? bothOf(told, *known) : told);
  return known && isAhead(known->seen, told.seen) ? textOf(bothOf(*known, told)) : "";
}

std::string whyHeldBack(const SetBackMarks& marks, const TrustVersions& published) {
  try {
    const std::string restored = whyRestored(marks.restored, published.restore_epoch);
    return restored.empty() ? whyBehind(marks.behind, published) : restored;
  } catch (const std::exception& error) {
    return std::string("the mark of a server that was set back cannot be read: ") + error.what();
  }
}

}  // namespace redflag::trust
