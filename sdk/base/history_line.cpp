#include "base/history_line.h"

#include <algorithm>

#include "base/time.h"

namespace redflag {
namespace {

constexpr std::size_t kMaxHistoryValue = 200;
constexpr std::string_view kBarePunctuation = "._:/+@-,";

bool bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kBarePunctuation.find(c) != std::string_view::npos;
}

void appendQuoted(std::string& out, std::string_view value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  out += '"';
}

void append(std::string& out, std::string_view key, std::string_view value) {
  value = value.substr(0, kMaxHistoryValue);
  out += ' ';
  out += key;
  out += '=';
  if (value.empty()) {
    out += '-';
  } else if (value != "-" && std::all_of(value.begin(), value.end(), bare)) {
    out += value;
  } else {
    appendQuoted(out, value);
  }
}

}  // namespace

std::string historyLine(const HistoryStep& step) {
  std::string out = "HISTORY";
  append(out, "time", toRfc3339(step.at_ns));
  append(out, "program", step.program);
  append(out, "subsystem", step.subsystem);
  append(out, "command", step.command_id);
  append(out, "agent", step.agent_id);
  append(out, "action", step.action);
  append(out, "from", step.from);
  append(out, "to", step.to);
  append(out, "actor", step.actor);
  append(out, "code", step.code);
  return out;
}

}  // namespace redflag
