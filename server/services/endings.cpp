#include "services/endings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"

namespace redflag::services {
namespace {

using What = Ending::What;

constexpr JsonLimits kLineLimits{.bytes = 1024, .depth = 2, .values = 16};
constexpr std::size_t kMaxId = 64;
constexpr std::size_t kMaxValue = 128;

const std::map<What, std::string>& names() {
  static const std::map<What, std::string> names = {
      {What::kAgent, "agent"},        {What::kAgentKey, "agent_key"},
      {What::kSeat, "seat"},          {What::kEnrolmentToken, "enrolment_token"},
      {What::kApiToken, "api_token"}, {What::kAccount, "account"}};
  return names;
}

std::optional<What> whatOf(const std::string& name) {
  for (const auto& [what, own] : names())
    if (own == name) return what;
  return std::nullopt;
}

std::string lineOf(std::int64_t number, const Ending& ending) {
  Json json = {{"number", number}, {"ended", names().at(ending.what)}, {"id", ending.id}};
  if (!ending.value.empty()) json["value"] = ending.value;
  return dumpJson(json) + "\n";
}

std::string headOf(const EndingList& list) {
  return dumpJson({{"journal", list.journal}, {"number", list.newest}}) + "\n";
}

Result<> readHead(const Json& json, EndingList& out) {
  JsonReader in(json, "head");
  out.journal = in.text("journal", kMaxId);
  out.newest = in.integer("number", 0, INT64_MAX);
  return in.finish();
}

Result<Ending> readLine(const Json& json, EndingList& out) {
  JsonReader in(json, "line");
  Ending ending;
  out.newest = in.integer("number", out.newest, INT64_MAX);
  const auto what = whatOf(in.text("ended", kMaxId));
  ending.id = in.text("id", kMaxId);
  ending.value = in.optionalText("value", kMaxValue);
  if (!what) in.refuse("ended", "a kind that this version knows");
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  ending.what = *what;
  return ending;
}

// Of one thing only the newest counts.
void keepNewest(EndingList& list) {
  std::map<std::pair<What, std::string>, std::size_t> last;
  for (std::size_t i = 0; i < list.items.size(); ++i)
    last[{list.items[i].what, list.items[i].id}] = i;
  std::vector<Ending> out;
  for (std::size_t i = 0; i < list.items.size(); ++i)
    if (last[{list.items[i].what, list.items[i].id}] == i) out.push_back(std::move(list.items[i]));
  list.items = std::move(out);
}

}  // namespace

bool EndingList::continues(const EndingList& older) const {
  return !journal.empty() && journal == older.journal && newest >= older.newest;
}

Result<std::optional<EndingList>> readEndings(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::optional<EndingList>();
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return fail(Code::kUnavailable, file.string() + ": it cannot be read");
  EndingList out;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // a process was killed
    const auto json = parseJson(text.substr(at, end - at), kLineLimits);
    at = end + 1;
    ++number;
    const auto wrong = [&](const std::string& why) {
      return fail(Code::kInvalid, file.string() + ": line " + std::to_string(number) + ": " + why);
    };
    if (!json) return wrong(json.error().text);
    if (number == 1) {
      if (auto ok = readHead(*json, out); !ok) return wrong(ok.error().text);
      continue;
    }
    auto ending = readLine(*json, out);
    if (!ending) return wrong(ending.error().text);
    out.items.push_back(std::move(*ending));
  }
  if (number == 0) return fail(Code::kInvalid, file.string() + ": expected a head line");
  keepNewest(out);
  return std::optional<EndingList>(std::move(out));
}

Endings::Endings(std::filesystem::path file) : file_(std::move(file)) {
  auto read = readEndings(file_);
  if (!read) throw std::runtime_error(read.error().text);
  list_ = read->value_or(EndingList{newId(), 0, {}});
  std::string text = headOf(list_);
  for (const Ending& ending : list_.items) {
    text += lineOf(list_.newest, ending);
    known_[{ending.what, ending.id}] = ending.value;
  }
  auth::writeSecretFile(file_, text);
}

EndingList Endings::list() const {
  const std::lock_guard lock(mutex_);
  EndingList out = list_;
  keepNewest(out);
  return out;
}

std::int64_t Endings::newest() const {
  const std::lock_guard lock(mutex_);
  return list_.newest;
}

void Endings::add(const Ending& ending) {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find({ending.what, ending.id});
  if (known != known_.end() && known->second == ending.value) return;
  const bool fewer = ending.what == What::kSeat && known != known_.end() &&
                     seatsOf(known->second) > seatsOf(ending.value);  // commits come in any order
  if (fewer) return;
  known_[{ending.what, ending.id}] = ending.value;
  list_.items.push_back(ending);
  unwritten_ += lineOf(++list_.newest, ending);
  try {
    append();
  } catch (const std::exception& error) {
    spdlog::error("{}: what ended is not written yet: {}", file_.string(), error.what());
  }
}

void Endings::append() {
  const int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open");
  const off_t before = ::lseek(fd, 0, SEEK_END);
  const auto written = ::write(fd, unwritten_.data(), unwritten_.size());
  const bool whole = written == static_cast<ssize_t>(unwritten_.size()) && ::fsync(fd) == 0;
  const int error = errno;
  // Half a line would swallow the next one.
  const bool cut = whole || before < 0 || ::ftruncate(fd, before) == 0;
  ::close(fd);
  if (!whole)
    throw std::system_error(error, std::generic_category(), cut ? "write" : "write, half a line stays");
  unwritten_.clear();
}

std::int64_t seatsOf(const std::string& value) {
  return std::strtoll(value.c_str(), nullptr, 10);
}

void endsWith(store::WriteTransaction& tx, Endings* endings, const Ending& ending) {
  if (endings != nullptr) tx.afterCommit([endings, ending] { endings->add(ending); });
}

}  // namespace redflag::services
