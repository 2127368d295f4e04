#include "plain_text.h"
#include "plan.h"

namespace redflag::dnf {
namespace {

constexpr std::size_t kMaxUpdates = 5000;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxVersion = 512;

Wanted readWanted(JsonReader& in) {
  Wanted wanted;
  in.optionalText("key", kMaxName + kMaxVersion);
  wanted.name = in.text("name", kMaxName);
  wanted.arch = in.text("arch", kMaxName);
  wanted.version = in.text("version", kMaxVersion);
  // They become names for dnf, and patterns for libdnf.
  const std::pair<const char*, std::string&> parts[] = {
      {"name", wanted.name}, {"arch", wanted.arch}, {"version", wanted.version}};
  for (const auto& [member, text] : parts)
    if (!isPackageText(text)) in.refuse(member, "the characters that rpm lets packages have");
  return wanted;
}

Step readStep(JsonReader& in) {
  Step step;
  step.operation = in.text("operation", 16);
  step.name = in.text("name", kMaxName);
  step.arch = in.text("arch", kMaxName);
  step.from = in.optionalText("from", kMaxVersion);
  step.to = in.optionalText("to", kMaxVersion);
  step.category = in.optionalText("category", 32);
  step.requested = in.optionalBoolean("requested", false);
  return step;
}

// Each item of an array through `read`; the first error is answered.
template <class Item, class Read>
Result<std::vector<Item>> readItems(const Json& array, const std::string& place, Read read) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < array.size(); ++i) {
    JsonReader in(array[i], place + "[" + std::to_string(i) + "]");
    items.push_back(read(in));
    if (const auto end = in.finish(); !end) return fail(RF_INVALID, "dnf.bad_request", end.error().text);
  }
  return items;
}

}  // namespace

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  const auto json = parseJson(text, {.bytes = 8U << 20, .depth = 8, .values = 500'000});
  if (!json) return fail(RF_INVALID, "dnf.bad_request", "request: " + json.error().text);
  JsonReader in(*json, "request");
  auto updates = readItems<Wanted>(in.array("updates", kMaxUpdates), "request.updates", readWanted);
  if (!updates) return tl::unexpected<Problem>(updates.error());
  Request request;
  request.updates = std::move(*updates);
  if (with_plan) {
    JsonReader plan(in.object("plan"), "request.plan");
    auto steps = readItems<Step>(plan.array("steps", kMaxUpdates), "request.plan.steps", readStep);
    if (!steps) return tl::unexpected<Problem>(steps.error());
    request.planned = std::move(*steps);
    if (const auto end = plan.finishIgnoringUnknown(); !end)
      return fail(RF_INVALID, "dnf.bad_request", end.error().text);
  } else {
    in.find("plan");
  }
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, "dnf.bad_request", end.error().text);
  return request;
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
  return {{"steps", std::move(steps)},
          {"download_bytes", plan.download_bytes},
          {"installed_bytes_delta", plan.installed_bytes_delta},
          {"needs_reboot", plan.needs_reboot},
          {"restarts", Json::array()}};
}

}  // namespace redflag::dnf
