#include "services/error_log.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/logged_error.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxUnwrittenKinds = 200;  // between two writes

bool takeRequestId(std::string_view& line) {
  if (!line.starts_with("request_id=")) return false;
  const std::size_t end = line.find(' ');
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return true;
}

// What a request's exception said: the words in the quotes are what is to be told apart.
std::string_view unquoted(std::string_view line) {
  const std::size_t begin = line.find("error=\"");
  if (begin == std::string_view::npos) return line;
  line.remove_prefix(begin + 7);
  return line.substr(0, line.rfind('"'));
}

std::string readable(std::string_view text) {
  std::string out(text);
  if (isUtf8(out)) return out;
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

}  // namespace

store::ErrorNote errorOfLine(std::string_view line, std::int64_t now) {
  store::ErrorNote note;
  note.at = now;
  note.source = "server";
  note.kind = "server.error";
  note.detail = readable(line);
  std::string_view rest = line;
  const bool of_request = takeRequestId(rest);
  const LoggedError said = readLoggedError(rest);
  if (of_request && said.subsystem.empty()) {
    note.subsystem = "http";
    note.code = "internal";
    note.text = readable(unquoted(rest));
    return note;
  }
  note.subsystem = said.subsystem.empty() ? "server" : said.subsystem;
  note.code = said.code;
  note.text = readable(said.text);
  return note;
}

void ErrorLog::add(Noted& noted, const store::ErrorNote& note) const {
  const std::string fingerprint = store::fingerprintOf(note);
  const auto known = noted.find(fingerprint);
  if (known != noted.end()) {
    known->second.times += note.times;
    known->second.at = std::max(known->second.at, note.at);
    return;
  }
  if (noted.size() < kMaxUnwrittenKinds) {
    noted.emplace(fingerprint, note);
    return;
  }
  store::ErrorNote more;
  more.at = note.at;
  more.source = "server";
  more.subsystem = "server";
  more.kind = "server.error";
  more.code = "errors.too_many";
  more.text = "more kinds of errors at once than are kept; the log has them";
  more.times = note.times;
  const auto [there, fresh] = noted.emplace(store::fingerprintOf(more), more);
  if (!fresh) there->second.times += more.times;
}

void ErrorLog::noteLine(std::string_view line) {
  const store::ErrorNote note = errorOfLine(line, clock_.epochNs());
  const std::lock_guard lock(mutex_);
  add(noted_, note);
}

void ErrorLog::write(store::Store& store) {
  Noted taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(noted_);
  }
  if (taken.empty()) return;
  try {
    store.write([&](store::WriteTransaction& tx) {
      for (const auto& [fingerprint, note] : taken)
        tx.errors().note(note);
      tx.events().publish("", "error", Json::object(), clock_.epochNs());
    });
  } catch (...) {
    const std::lock_guard lock(mutex_);
    for (const auto& [fingerprint, note] : taken)
      add(noted_, note);
    throw;
  }
}

}  // namespace redflag::services
