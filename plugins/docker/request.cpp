#include "request.h"

namespace redflag::docker {
namespace {

constexpr const char* kBadRequest = "docker.bad_request";
constexpr std::size_t kMaxUpdates = 1'000;
constexpr std::size_t kMaxText = 512;

Result<Wanted> readWanted(const Json& item, const std::string& place) {
  JsonReader in(item, place);
  in.optionalText("key", kMaxText);
  const auto name = in.text("name", kMaxText);
  Wanted out{{}, in.text("arch", kMaxText), in.text("version", kMaxText)};
  const auto reference = parseReference(name);
  if (!reference) in.refuse("name", "an image's name");
  if (!isDigest(out.digest)) in.refuse("version", "a digest; other versions are told, and not installed");
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, kBadRequest, end.error().text);
  out.reference = *reference;
  return out;
}

Result<Step> readStep(const Json& item, const std::string& place) {
  JsonReader in(item, place);
  const auto operation = in.text("operation", 16);
  Step out{in.text("name", kMaxText), in.text("arch", kMaxText), in.text("from", kMaxText),
           in.text("to", kMaxText)};
  if (operation != "upgrade") in.refuse("operation", "upgrade");
  if (const auto end = in.finishIgnoringUnknown(); !end)
    return fail(RF_INVALID, kBadRequest, end.error().text);
  return out;
}

// Each item of an array through `read`; the first error is answered.
template <class Item, class Read>
Result<> readItems(const Json& array, const std::string& place, Read read, std::vector<Item>& items) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    auto item = read(array[i], place + "[" + std::to_string(i) + "]");
    if (!item) return tl::unexpected<Problem>(item.error());
    items.push_back(std::move(*item));
  }
  return {};
}

}  // namespace

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  const auto json = parseJson(text, {.bytes = 8U << 20U, .depth = 8, .values = 500'000});
  if (!json) return fail(RF_INVALID, kBadRequest, "request: " + json.error().text);
  JsonReader in(*json, "request");
  Request out;
  if (auto read = readItems(in.array("updates", kMaxUpdates), "request.updates", readWanted, out.updates);
      !read)
    return tl::unexpected<Problem>(read.error());
  if (in.optionalBoolean("rollback", false))
    return fail(
        RF_UNSUPPORTED, "docker.no_rollback",
        "the container that was replaced is put back while the new one is watched, and removed once it is "
        "healthy: after that there is nothing to put back");
  if (with_plan) {
    JsonReader plan(in.object("plan"), "request.plan");
    if (auto read = readItems(plan.array("steps", kMaxUpdates), "request.plan.steps", readStep, out.planned);
        !read)
      return tl::unexpected<Problem>(read.error());
    if (const auto end = plan.finishIgnoringUnknown(); !end)
      return fail(RF_INVALID, kBadRequest, end.error().text);
  } else {
    in.find("plan");
  }
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, kBadRequest, end.error().text);
  return out;
}

Json toJson(const Step& step) {
  return {{"operation", "upgrade"}, {"name", step.name}, {"arch", step.arch},    {"from", step.from},
          {"to", step.to},          {"requested", true}, {"category", "unknown"}};
}

Json toJson(const Plan& plan) {
  auto steps = Json::array();
  for (const auto& step : plan.steps)
    steps.push_back(toJson(step));
  auto restarts = Json::array();
  for (const auto& name : plan.containers)
    restarts.push_back("container " + name);
  return {{"steps", std::move(steps)},
          {"download_bytes", plan.download_bytes},
          {"installed_bytes_delta", 0},
          {"needs_reboot", false},
          {"restarts", std::move(restarts)}};
}

}  // namespace redflag::docker
