#include "common/order.h"

#include <algorithm>
#include <tuple>

#include "common/package_text.h"

namespace redflag::plugin {
namespace {

constexpr std::size_t kMaxUpdates = 5000;  // protocol::kMaxOrderedUpdates
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxVersion = 512;

std::string readPart(JsonReader& in, const char* member, std::size_t most) {
  auto part = in.text(member, most);
  if (!isPackageText(part)) in.refuse(member, "the characters that packages have");
  return part;
}

// "" where a step has none: what is new, or goes.
std::string readVersion(JsonReader& in, const char* member) {
  auto version = in.optionalText(member, kMaxVersion);
  if (!version.empty() && !isPackageText(version)) in.refuse(member, "the characters that versions have");
  return version;
}

Wanted readWanted(JsonReader& in) {
  Wanted wanted;
  in.optionalText("key", kMaxName + kMaxVersion);
  wanted.name = readPart(in, "name", kMaxName);
  wanted.arch = readPart(in, "arch", kMaxName);
  wanted.version = readPart(in, "version", kMaxVersion);
  return wanted;
}

Step readStep(JsonReader& in) {
  Step step;
  step.operation = in.text("operation", 16);
  step.name = readPart(in, "name", kMaxName);
  step.arch = readPart(in, "arch", kMaxName);
  step.from = readVersion(in, "from");
  step.to = readVersion(in, "to");
  step.category = in.optionalText("category", 32);
  step.requested = in.optionalBoolean("requested", false);
  return step;
}

// Each item of an array through `read`; the first error is answered.
template <class Item, class Read>
redflag::Result<std::vector<Item>> readItems(const Json& array, const std::string& place, Read read) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < array.size(); ++i) {
    JsonReader in(array[i], place + "[" + std::to_string(i) + "]");
    items.push_back(read(in));
    if (const auto end = in.finish(); !end) return tl::unexpected<Error>(end.error());
  }
  return items;
}

redflag::Result<Request> readRequest(std::string_view text, bool with_plan) {
  const auto json = parseJson(text, {.bytes = 8U << 20, .depth = 8, .values = 500'000});
  if (!json) return failAt("request", json.error());
  JsonReader in(*json, "request");
  auto updates = readItems<Wanted>(in.array("updates", kMaxUpdates), "request.updates", readWanted);
  if (!updates) return tl::unexpected<Error>(updates.error());
  Request request;
  request.updates = std::move(*updates);
  request.rollback = in.optionalBoolean("rollback", false);
  if (with_plan) {
    JsonReader plan(in.object("plan"), "request.plan");
    auto steps = readItems<Step>(plan.array("steps", kMaxUpdates), "request.plan.steps", readStep);
    if (!steps) return tl::unexpected<Error>(steps.error());
    request.planned = std::move(*steps);
    if (const auto end = plan.finishIgnoringUnknown(); !end) return tl::unexpected<Error>(end.error());
  } else {
    in.find("plan");
  }
  if (const auto end = in.finish(); !end) return tl::unexpected<Error>(end.error());
  return request;
}

std::string sentenceOn(const Step& step, char separator) {
  return step.operation + " " + step.name + separator + step.arch + " " +
         (step.to.empty() ? step.from : step.to);
}

// The steps of one plan that the other does not have.
std::string missing(const std::vector<Step>& here, const std::vector<Step>& there, char separator) {
  std::string names;
  for (const auto& step : here)
    if (std::find(there.begin(), there.end(), step) == there.end())
      names += (names.empty() ? " " : ", ") + sentenceOn(step, separator);
  return names;
}

}  // namespace

bool Step::operator==(const Step& other) const {
  return std::tie(operation, name, arch, from, to) ==
         std::tie(other.operation, other.name, other.arch, other.from, other.to);
}

Result<Request> parseRequest(std::string_view text, bool with_plan, const std::string& manager) {
  auto request = readRequest(text, with_plan);
  if (!request) return fail(RF_INVALID, manager + ".bad_request", request.error().text);
  return std::move(*request);
}

std::string notOrdered(const Plan& plan, char separator) {
  std::string names;
  for (const auto& step : plan.steps)
    if (!step.requested) names += (names.empty() ? "" : ", ") + sentenceOn(step, separator);
  return names;
}

Json toJson(const Step& step) {
  return {{"operation", step.operation}, {"name", step.name}, {"arch", step.arch},
          {"from", step.from},           {"to", step.to},     {"category", step.category},
          {"requested", step.requested}};
}

Json toJson(const Plan& plan) {
  auto steps = Json::array();
  for (const auto& step : plan.steps)
    steps.push_back(toJson(step));
  Json out = {{"steps", std::move(steps)},
              {"download_bytes", plan.download_bytes},
              {"installed_bytes_delta", plan.installed_bytes_delta},
              {"needs_reboot", plan.needs_reboot},
              {"restarts", plan.restarts}};
  if (plan.restarts_incomplete) out["restarts_incomplete"] = true;
  return out;
}

Json verifiedRow(const Wanted& wanted, const std::string& installed_version, bool enough) {
  return {{"name", wanted.name},
          {"arch", wanted.arch},
          {"version", wanted.version},
          {"installed_version", installed_version},
          {"verified", enough}};
}

std::string difference(const std::vector<Step>& planned, const std::vector<Step>& found, char separator) {
  const auto gone = missing(planned, found, separator);
  const auto added = missing(found, planned, separator);
  return (gone.empty() ? "" : "planned, no longer possible:" + gone) +
         (gone.empty() || added.empty() ? "" : "; ") +
         (added.empty() ? "" : "not planned, now needed:" + added);
}

}  // namespace redflag::plugin
