#include "commands/loaded_types.h"

#include "base/encoding.h"
#include "base/log.h"
#include "commands/schema.h"
#include "host/manifest.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"
#include "redflag/draft/command_type.h"

namespace redflag::commands {
namespace {

constexpr std::size_t kBatch = 200;  // of the items given to one host
// Of their text: it has to fit into one frame, and what comes back of it into one answer.
constexpr std::size_t kBatchBytes = 4U << 20;

[[noreturn]] void throwFailed(const CommandType& type, const std::string& why) {
  spdlog::error("commands: {}: {}", type.id, why);
  throw http::Problem{503, "command_type.failed", "the command type " + type.id + " failed: " + why, "", 30};
}

Json itemOf(const PlanRequest& request) {
  return {{"parameters", request.parameters},
          {"agent",
           {{"agent_id", request.agent_id},
            {"hostname", request.hostname},
            {"mode", request.mode},
            {"plugins", request.plugins}}}};
}

Json itemOf(const Outcome& outcome) {
  return {{"parameters", outcome.parameters},
          {"outcome", outcome.outcome},
          {"results", outcome.results},
          {"code", outcome.code},
          {"text", outcome.text}};
}

// Only of a rollback or a download, whose steps the order itself names: an install binds what an approval was
// compared with.
Result<std::string> boundPlan(const Json& plan, const Json& actions) {
  const bool names_its_steps =
      actions.size() == 1 && (actions[0].at("action") == "rollback" || actions[0].at("action") == "download");
  if (!names_its_steps)
    return fail(Code::kInvalid, "plan.plan: expected none beside anything but one rollback or download");
  auto steps = protocol::planSteps(plan);
  if (!steps) return tl::unexpected<Error>(steps.error());
  return toHex(protocol::planHash(std::move(*steps)));
}

// It is the code of a problem document, a word in the log and a label in /metrics; and without one it would
// be no refusal.
bool isRefusalCode(std::string_view code) {
  return !code.empty() &&
         code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

Result<Planned> readPlanned(const Json& answer) {
  Planned planned;
  JsonReader in(answer, "plan");
  if (const Json* error = in.find("error")) {
    JsonReader why(*error, "plan.error");
    planned.error_code = why.text("code", 64);
    if (!isRefusalCode(planned.error_code)) why.refuse("code", "a word of a-z, 0-9, \".\", \"_\" and \"-\"");
    planned.error_text = why.text("text", 1000);
    if (auto ok = why.finish(); !ok) return tl::unexpected<Error>(ok.error());
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    return planned;
  }
  for (const Json& action : in.array("actions", protocol::kMaxActions)) {
    JsonReader one(action, "plan.actions");
    Json entry = {{"plugin", one.text("plugin", protocol::kMaxIdBytes)},
                  {"action", one.text("action", protocol::kMaxIdBytes)},
                  {"parameters", one.object("parameters")}};
    if (auto ok = one.finish(); !ok) return tl::unexpected<Error>(ok.error());
    if (dumpJson(entry["parameters"]).size() > protocol::kMaxParametersBytes) {
      return fail(Code::kLimit, "plan.actions: parameters are too long for one order");
    }
    planned.actions.push_back(std::move(entry));
  }
  if (const Json* plan = in.find("plan")) {
    auto hash = boundPlan(*plan, planned.actions);
    if (!hash) return tl::unexpected<Error>(hash.error());
    planned.plan_hash = std::move(*hash);
  }
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  if (planned.actions.empty()) return fail(Code::kInvalid, "plan.actions: expected at least one action");
  return planned;
}

// Where the batch ends that begins at `begin`: one item at least.
std::size_t endOfBatch(const Json& items, std::size_t begin) {
  std::size_t bytes = 0;
  std::size_t end = begin;
  for (; end < items.size() && end - begin < kBatch; ++end) {
    bytes += dumpJson(items[end]).size();
    if (end > begin && bytes > kBatchBytes) break;
  }
  return end;
}

// What cannot be said to one machine, because of what that one lists, keeps nothing from the others.
Planned unorderable(const CommandType& type, const Error& why) {
  spdlog::warn("commands: {}: {}", type.id, why.text);
  Planned planned;
  planned.error_code = "command_type.bad_plan";
  planned.error_text = why.text;
  return planned;
}

}  // namespace

LoadedCommandTypes::LoadedCommandTypes(const std::vector<std::filesystem::path>& folders,
                                       std::shared_ptr<OperationRunner> runner)
    : runner_(std::move(runner)) {
  for (const auto& folder : folders) {
    const auto ids = host::listManifests(folder);
    if (!ids) {
      refused_.push_back({folder.string(), ids.error().text});
      continue;
    }
    for (const auto& id : *ids)
      load(folder, id);
  }
  for (const auto& refused : refused_)
    spdlog::error("commands: {} is not loaded: {}", refused.id, refused.why);
}

void LoadedCommandTypes::load(const std::filesystem::path& folder, const std::string& id) {
  const auto manifest = host::loadManifest(folder, id);
  if (!manifest) {
    refused_.push_back({id, manifest.error().text});
    return;
  }
  if (!manifest->offers(RF_COMMAND_TYPE_1)) {
    refused_.push_back({id, std::string("it does not offer ") + RF_COMMAND_TYPE_1});
    return;
  }
  const auto description = runner_->run(manifest->library, "describe", Json::object());
  if (!description) {
    refused_.push_back({id, description.error().text});
    return;
  }
  auto type = readDescription(*description, id);
  if (!type) {
    refused_.push_back({id, type.error().text});
    return;
  }
  if (!loaded_.try_emplace(id, Loaded{std::move(*type), manifest->library}).second) {
    refused_.push_back({id, "another command type has this id"});
  }
}

std::vector<CommandType> LoadedCommandTypes::all() const {
  std::vector<CommandType> types;
  for (const auto& [id, loaded] : loaded_)
    types.push_back(loaded.type);
  return types;
}

std::optional<CommandType> LoadedCommandTypes::find(const std::string& id) const {
  const auto found = loaded_.find(id);
  if (found == loaded_.end()) return std::nullopt;
  return found->second.type;
}

std::vector<Json> LoadedCommandTypes::batch(const CommandType& type, const std::string& operation,
                                            const Json& items) {
  std::vector<Json> answers;
  for (std::size_t begin = 0, end = 0; begin < items.size(); begin = end) {
    end = endOfBatch(items, begin);
    Json part = Json::array();
    for (std::size_t i = begin; i < end; ++i)
      part.push_back(items[i]);
    auto answer = runner_->run(loaded_.at(type.id).library, operation, {{"items", part}});
    if (!answer) throwFailed(type, answer.error().text);
    JsonReader in(*answer, operation);
    const Json& list = in.array("items", kBatch);
    if (auto ok = in.finish(); !ok) throwFailed(type, ok.error().text);
    if (list.size() != part.size())
      throwFailed(type, operation + " answered another number of items than it was asked");
    answers.insert(answers.end(), list.begin(), list.end());
  }
  return answers;
}

std::optional<FieldProblem> LoadedCommandTypes::validate(const CommandType& type, const Json& parameters) {
  if (auto problem = firstProblem(type.parameters_schema, parameters)) return problem;
  const auto answers = batch(type, "validate", Json::array({{{"parameters", parameters}}}));
  JsonReader in(answers.front(), "validate");
  const bool ok = in.boolean("ok");
  FieldProblem problem{in.optionalText("field", 500), in.optionalText("text", 1000, "is not accepted")};
  if (auto read = in.finish(); !read) throwFailed(type, read.error().text);
  if (ok) return std::nullopt;
  return problem;
}

std::vector<Planned> LoadedCommandTypes::plan(const CommandType& type,
                                              const std::vector<PlanRequest>& requests) {
  Json items = Json::array();
  for (const auto& request : requests)
    items.push_back(itemOf(request));
  std::vector<Planned> planned;
  for (const Json& answer : batch(type, "plan", items)) {
    auto one = readPlanned(answer);
    planned.push_back(one ? std::move(*one) : unorderable(type, one.error()));
  }
  return planned;
}

std::vector<std::vector<Json>> LoadedCommandTypes::onResult(const CommandType& type,
                                                            const std::vector<Outcome>& outcomes) {
  Json items = Json::array();
  for (const auto& outcome : outcomes)
    items.push_back(itemOf(outcome));
  std::vector<std::vector<Json>> all;
  for (const Json& answer : batch(type, "on_result", items)) {
    JsonReader in(answer, "on_result");
    std::vector<Json> effects;
    for (const Json& effect : in.array("effects", 16)) {
      const bool named = effect.is_object() && effect.contains("effect") && effect["effect"].is_string();
      if (!named || !type.effects.contains(effect["effect"].get<std::string>())) {
        throwFailed(type, "on_result asked for an effect it did not declare");
      }
      effects.push_back(effect);
    }
    if (auto ok = in.finish(); !ok) throwFailed(type, ok.error().text);
    all.push_back(std::move(effects));
  }
  return all;
}

}  // namespace redflag::commands
