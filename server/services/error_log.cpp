#include "services/error_log.h"

#include <algorithm>

#include "base/encoding.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxUnwrittenKinds = 200;  // between two writes

bool isWord(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || more.find(c) != std::string_view::npos;
  });
}

// "word: rest" gives the word, and leaves the rest.
std::string_view takeWord(std::string_view& text, std::string_view more) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos || !isWord(text.substr(0, colon), more)) return {};
  const std::string_view word = text.substr(0, colon);
  text.remove_prefix(colon + 2);
  return word;
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
  if (line.starts_with("request_id=")) {
    note.subsystem = "http";
    note.code = "internal";
    note.text = readable(unquoted(line));
    return note;
  }
  std::string_view rest = line;
  const std::string_view subsystem = takeWord(rest, "");
  note.subsystem = subsystem.empty() ? "server" : std::string(subsystem);
  std::string_view after = rest;
  const std::string_view code = takeWord(after, ".");
  if (code.find('.') != std::string_view::npos) {
    note.code = std::string(code);
    rest = after;
  }
  note.text = readable(rest);
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
