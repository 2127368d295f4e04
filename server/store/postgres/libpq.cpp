#include "store/postgres/libpq.h"

#include <new>

#include "base/log.h"
#include "http/message.h"

namespace redflag::store::postgres {
namespace {

constexpr const char* kExpectedUrl =
    "expected postgresql://USER@HOST:PORT/DATABASE (or ?host=/FOLDER for a local socket), special characters "
    "percent-encoded";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Options parse(const std::string& url) {
  const bool scheme = url.starts_with("postgresql://") || url.starts_with("postgres://");
  char* error = nullptr;
  Options options(scheme ? PQconninfoParse(url.c_str(), &error) : nullptr);
  PQfreemem(error);
  return options;
}

std::string valueOf(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return "";
}

// libpq ends its messages with a line break, and some have several lines.
std::string oneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text;
}

void logNotice(void*, const char* message) {
  spdlog::debug("store: {}", oneLine(message));
}

}  // namespace

void checkUrl(const std::string& url) {
  const Options options = parse(url);
  // What is left of a password with an @ or a : of its own would end up in these two, and in messages.
  const bool good = options && valueOf(options, "host").find('@') == std::string::npos &&
                    valueOf(options, "port").find_first_not_of("0123456789,") == std::string::npos;
  if (!good) throw http::Problem{400, "store.bad_url", kExpectedUrl, "", 0};
}

bool hasPassword(const std::string& url) {
  return !valueOf(parse(url), "password").empty();
}

Handle connect(const std::string& url) {
  // What the URL says comes later and wins. A peer that vanished is noticed within a minute.
  const char* const keywords[] = {"connect_timeout",
                                  "application_name",
                                  "client_encoding",
                                  "keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "tcp_user_timeout",
                                  "dbname",
                                  nullptr};
  const char* const values[] = {"5", "redflag-server", "UTF8",      "30",   "10",
                                "3", "30000",          url.c_str(), nullptr};
  Handle handle(PQconnectdbParams(keywords, values, 1));
  if (handle == nullptr) throw std::bad_alloc();
  if (PQstatus(handle.get()) != CONNECTION_OK) throwLost(PQerrorMessage(handle.get()));
  PQsetNoticeProcessor(handle.get(), logNotice, nullptr);
  return handle;
}

bool good(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

Result ask(PGconn* connection, const char* sql) {
  Result result(PQexec(connection, sql));
  if (!good(result.get())) throwLost(PQerrorMessage(connection));
  return result;
}

void throwPostgresError(std::string_view sqlstate, const std::string& message, std::string_view doing,
                        bool alone) {
  const std::string text = oneLine(message) + " (" + std::string(doing.substr(0, 120)) + ")";
  const std::string_view kind = sqlstate.substr(0, 2);
  if (sqlstate == "40001" || sqlstate == "40P01") throw RunAgain{};
  if (sqlstate == "23505" && !alone) throw RunAgain{true};
  if (kind == "23") {
    throw http::Problem{409, "store.conflict", "this contradicts what is stored: " + text, "", 0};
  }
  if (kind == "08" || sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" ||
      sqlstate == "57P05" || sqlstate == "25P03") {
    throwLost(message);
  }
  if (sqlstate == "25006") {
    throw http::Problem{503, "store.unavailable", "the database takes no changes: " + text, "", 5};
  }
  if (sqlstate == "53100")
    throw http::Problem{503, "store.full", "no space is left for the database", "", 60};
  if (kind == "53" || sqlstate == "57014" || sqlstate == "55P03") {
    throw http::Problem{503, "store.busy", "the database is busy: " + text, "", 5};
  }
  if (kind == "58") throw http::Problem{503, "store.failed", "the database's disk failed: " + text, "", 60};
  if (kind == "XX") throw http::Problem{500, "store.corrupt", "the database is damaged: " + text, "", 0};
  throw http::Problem{500, "store.internal", text, "", 0};
}

void throwLost(const std::string& message) {
  throw http::Problem{503, "store.unavailable", "the database cannot be reached: " + oneLine(message), "", 2};
}

void throwOutcomeUnknown() {
  throw http::Problem{
      503, "store.outcome_unknown",
      "the connection to the database was lost during the commit: whether the change is stored "
      "is not known; look before you do it again",
      "", 2};
}

}  // namespace redflag::store::postgres
