#include "protocol/record_kinds.h"

#include <algorithm>
#include <array>

namespace redflag::protocol {
namespace {

using enum FieldType;
constexpr bool kRequired = true;

constexpr std::array<std::string_view, 7> kCategories = {"security", "bugfix",  "enhancement", "driver",
                                                         "firmware", "feature", "unknown"};
constexpr std::array<std::string_view, 5> kSeverities = {"critical", "high", "medium", "low", "unknown"};
constexpr std::array<std::string_view, 4> kBlockers = {"held", "phased", "kept_back", "excluded"};

constexpr auto kUpdate = std::to_array<Field>({
    {"manager", kText, kRequired, {}, 128},
    {"key", kText, kRequired, {}, 512},
    {"name", kText, kRequired, {}, 512},
    {"arch", kText, false, {}, 64},
    {"channel"},
    {"installed_version", kText, false, {}, 256},
    {"candidate_version", kText, kRequired, {}, 256},
    {"source_package"},
    {"origin"},
    {"category", kChoice, kRequired, kCategories},
    {"severity", kChoice, kRequired, kSeverities},
    {"advisories", kList},
    {"cves", kList},
    {"published_at", kTime},
    {"download_bytes", kInt},
    {"installed_bytes", kInt},
    {"blocked_by", kChoice, false, kBlockers},
    {"needs_reboot", kFlag},
    {"superseded_by"},
});
constexpr auto kPackage = std::to_array<Field>({
    {"manager", kText, kRequired},
    {"key", kText, kRequired},
    {"name", kText, kRequired},
    {"arch"},
    {"version"},
    {"source_package"},
    {"installed_at", kTime},
    {"installed_bytes", kInt},
});
constexpr auto kImage = std::to_array<Field>({
    {"reference", kText, kRequired},
    {"registry"},
    {"tag"},
    {"digest"},
    {"offered_digest"},
    {"platform"},
});
constexpr auto kContainer = std::to_array<Field>({
    {"id", kText, kRequired},
    {"name"},
    {"image"},
    {"state"},
    {"health"},
    {"compose_project"},
    {"pinned", kFlag},
});
constexpr auto kVolume = std::to_array<Field>({
    {"mount", kText, kRequired},
    {"device"},
    {"filesystem"},
    {"layers", kList},
    {"subvolume"},
    {"total_bytes", kInt},
    {"used_bytes", kInt},
    {"available_bytes", kInt},
    {"total_inodes", kInt},
    {"used_inodes", kInt},
    {"read_only", kFlag},
    {"remote", kFlag},
});
constexpr auto kMetric = std::to_array<Field>({
    {"name", kText, kRequired, {}, 256},
    {"value", kReal, kRequired},
    {"label", kList, false, {}, 1024},
});
constexpr auto kService = std::to_array<Field>({
    {"name", kText, kRequired},
    {"state"},
    {"needs_restart", kFlag},
    {"needs_reboot", kFlag},
    {"reason"},
    {"packages", kList},
});
constexpr auto kFact = std::to_array<Field>({
    {"name", kText, kRequired, {}, 256},
    {"value", kAny, kRequired},
});

constexpr auto kKinds = std::to_array<RecordKind>({
    {"update/1", kUpdate},
    {"package/1", kPackage},
    {"image/1", kImage},
    {"container/1", kContainer},
    {"volume/1", kVolume},
    {"metric/1", kMetric},
    {"service/1", kService},
    {"fact/1", kFact},
});

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyz0123456789_-";

// Dotted words, none empty, each of kWord.
bool isReverseDns(std::string_view name) {
  std::size_t words = 0;
  for (std::size_t start = 0; start <= name.size(); ++words) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    const std::string_view word = name.substr(start, end - start);
    if (word.empty() || word.find_first_not_of(kWord) != std::string_view::npos) return false;
    start = end + 1;
  }
  return words >= 3 && name.size() <= 128;
}

}  // namespace

const Field* RecordKind::find(std::string_view field) const {
  const auto it = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == field; });
  return it == fields.end() ? nullptr : &*it;
}

std::span<const RecordKind> recordKinds() {
  return kKinds;
}

const RecordKind* findRecordKind(std::string_view name) {
  const auto it =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const RecordKind& k) { return k.name == name; });
  return it == kKinds.end() ? nullptr : &*it;
}

bool isForeignKind(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view revision = name.substr(slash + 1);
  return !revision.empty() && revision.size() <= 4 && revision.front() != '0' &&
         revision.find_first_not_of("0123456789") == std::string_view::npos &&
         isReverseDns(name.substr(0, slash));
}

bool isForeignField(std::string_view name) {
  return isReverseDns(name);
}

bool isFieldName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && kLower.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool isCleanText(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) {
      return i + at < text.size() ? static_cast<unsigned char>(text[i + at]) : 0U;
    };
    const unsigned first = byte(0);
    if ((first < 0x20 && first != '\t' && first != '\n') || first == 0x7F) return false;
    if (first == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return false;  // U+0080 to U+009F
    if (first != 0xE2) continue;
    if (byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) return false;  // U+202A to U+202E
    if (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9) return false;  // U+2066 to U+2069
  }
  return true;
}

}  // namespace redflag::protocol
