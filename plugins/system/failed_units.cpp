#include "failed_units.h"

#include <vector>

#include "base/json.h"
#include "common/nobody_to_ask.h"
#include "common/package_text.h"
#include "protocol/record_kinds.h"

namespace redflag::system {
namespace {

constexpr std::uint64_t kMaxUnitAnswer = 1U << 20;
constexpr std::size_t kMostUnits = 200;
constexpr std::int64_t kMostFailed = 1'000'000;

struct FailedUnit {
  std::string name;
  std::string reason;
};

struct ToldUnits {
  std::vector<FailedUnit> units;
  std::int64_t total = 0;  // have failed
};

// "A web server: exit-code, status 1". A unit is described as it likes: a row that refuses it must not be
// missing for that.
std::string reasonOf(const std::string& description, const std::string& result, std::int64_t status) {
  std::string reason = protocol::isCleanText(description) ? description : "";
  if (plugin::isPrintableText(result)) reason += (reason.empty() ? "" : ": ") + result;
  if (status != 0) reason += (reason.empty() ? "status " : ", status ") + std::to_string(status);
  return reason;
}

redflag::Result<ToldUnits> parseUnits(const std::string& body) {
  const auto parsed = parseJson(body, {.bytes = kMaxUnitAnswer, .depth = 4, .values = 10'000});
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  JsonReader in(*parsed, "failed");
  const Json& units = in.array("units", kMostUnits);
  ToldUnits told;
  const auto named = static_cast<std::int64_t>(units.size());
  told.total = in.optionalInteger("total", named, kMostFailed, named);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  for (const auto& item : units) {
    JsonReader unit(item, "failed.units");
    const auto name = unit.text("name", 255);
    const auto description = unit.optionalText("description", 1024);
    const auto result = unit.optionalText("result", 1024);
    const auto status = unit.optionalInteger("status", 0, 255, 0);
    if (!plugin::isPrintableText(name)) unit.refuse("name", "a unit's name");
    if (auto ok = unit.finish(); !ok) return tl::unexpected<Error>(ok.error());
    told.units.push_back({name, reasonOf(description, result, status)});
  }
  return told;
}

}  // namespace

void FailedUnits::report() {
  const auto answer = manager_.get("/run/systemd", "/failed", kMaxUnitAnswer);
  if (plugin::isNobodyToAsk(answer)) return;
  auto scope = run_.scope("units");
  if (answer && answer->http_status == 200) return tell(answer->body, scope);
  scope.fail(answer ? rf::Status::kInternal : answer.status(), "system.units_not_asked",
             answer ? "an odd answer" : answer.text());
}

void FailedUnits::tell(const std::string& body, rf::Scope& scope) {
  const auto told = parseUnits(body);
  if (!told) return scope.fail(rf::Status::kInternal, "system.bad_answer", told.error().text);
  for (const auto& unit : told->units)
    static_cast<void>(run_.service().name(unit.name).state("failed").reason(unit.reason).commit());
  run_.fact("units.failed", told->total);
  const auto left_out = told->total - static_cast<std::int64_t>(told->units.size());
  if (left_out == 0) return scope.complete();
  scope.fail(rf::Status::kLimit, "system.too_many_units",
             std::to_string(left_out) + " more units have failed than are told of");
}

}  // namespace redflag::system
