#include "identity/fingerprint.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/encoding.h"

namespace redflag::kernel {
namespace {

constexpr std::string_view kDomain = "redflag-fingerprint-v1";
constexpr std::size_t kFewestCharacters = 4;  // shorter ones are counted up, not drawn

struct Filler {
  std::string_view begin;  // lower case; what begins with it counts, too, where `whole` is false
  bool whole;
  const char* why;
};

// Seen in the field. Each of them is on thousands of machines at once.
constexpr const char* kMaker = "a maker's filler";
constexpr const char* kCounted = "a maker's filler: digits in their order";
constexpr const char* kVirtual = "a hypervisor's default, the same in each of its machines";
constexpr std::array kFillers = {
    Filler{"to be filled", false, kMaker},  // AMI
    Filler{"default string", true, kMaker},
    Filler{"not specified", true, kMaker},  // what dmidecode says of an empty one
    Filler{"not applicable", true, kMaker},
    Filler{"not available", true, kMaker},
    Filler{"not settable", true, kMaker},
    Filler{"system serial number", true, kMaker},  // ASUS, Supermicro
    Filler{"base board serial number", true, kMaker},
    Filler{"board serial number", true, kMaker},
    Filler{"serial number", true, kMaker},
    Filler{"chassis serial number", true, kMaker},
    Filler{"none", true, kMaker},
    Filler{"empty", true, kMaker},
    Filler{"unknown", true, kMaker},
    Filler{"invalid", true, kMaker},
    Filler{"o.e.m.", true, kMaker},
    Filler{"123456789", false, kCounted},
    Filler{"0123456789", false, kCounted},
    Filler{"03000200-0400-0500-0006-000700080009", true, kMaker},  // AMI's sample
    Filler{"00020003-0004-0005-0006-000700080009", true, kMaker},  // the same in the other byte order
    Filler{"12345678-1234-5678-90ab-cddeefaabbcc", true, kMaker},
    Filler{"4c4c4544-0000-2010-8020-80c04f202020", true, kMaker},  // Dell without a service tag
    Filler{"fefefefe-fefe-fefe-fefe-fefefefefefe", true, kMaker},
    Filler{"qm0000", false, kVirtual},      // QEMU's disks
    Filler{"drive-scsi", false, kVirtual},  // QEMU's by position
    Filler{"uninitialized", true, "systemd's word for a machine-id that is still to be made"},
};

std::string normalized(const std::string& value) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isprint(byte) != 0) out.push_back(static_cast<char>(std::tolower(byte)));
  }
  const auto first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

// All zeros, all F, dots, or nothing: how firmware says that nobody has written it.
bool isOneCharacter(const std::string& value) {
  std::set<char> seen;
  for (const char c : value) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) seen.insert(c);
  }
  return seen.size() < 2;
}

// The source's values that are worth something, as one text; "" when there are none.
std::string textOf(const platform::MachineMark& found) {
  std::set<std::string> good;
  for (const auto& value : found.values) {
    if (whyNoMark(value) == nullptr) good.insert(normalized(value));
  }
  std::string out;
  for (const auto& value : good)
    out += value + '\n';
  return out;
}

}  // namespace

const char* whyNoMark(const std::string& value) {
  const std::string text = normalized(value);
  if (text.empty()) return "empty";
  if (isOneCharacter(text)) return "one character, over and over";
  if (text.size() < kFewestCharacters) return "too short to be one machine's own";
  for (const auto& filler : kFillers) {
    if (filler.whole ? text == filler.begin : text.starts_with(filler.begin)) return filler.why;
  }
  return nullptr;
}

std::vector<Mark> marksOf(const std::vector<platform::MachineMark>& found, const std::string& salt) {
  std::vector<Mark> marks;
  std::set<std::string> texts;
  for (const auto& mark : found) {
    const std::string text = textOf(mark);
    if (text.empty() || !texts.insert(text).second) continue;
    marks.push_back({mark.source, sha256(std::string(kDomain) + '\0' + salt + mark.source + '\0' + text)});
  }
  return marks;
}

Result<std::vector<Mark>> marksWithTpm(const std::vector<platform::MachineMark>& found,
                                       const std::string& salt, const std::filesystem::path& tpm) {
  auto marks = marksOf(found, salt);
  auto mac = platform::tpmMac(std::string(kDomain) + '\0' + salt, tpm);
  if (!mac && mac.error().code == Code::kDenied) return marks;
  if (!mac) return fail(Code::kUnavailable, "the machine's TPM: " + mac.error().text);
  if (*mac) marks.push_back({kTpmSource, std::move(**mac)});
  return marks;
}

MarkReader ownMarks() {
  return [](const std::string& salt) { return marksWithTpm(platform::machineMarks(), salt); };
}

}  // namespace redflag::kernel
