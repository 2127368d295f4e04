#pragma once
// What the built-in command types share: batches in, batches out. A type says what one item means.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "redflag/sdk.hpp"

namespace redflag::command_types {

using Json = nlohmann::json;

struct FieldProblem {
  std::string field;  // JSON pointer below the parameters
  std::string text;
};

class BatchedType : public rf::CommandType {
 public:
  rf::Status describe(rf::Output& result) final { return result.write(description().dump()); }

  rf::Status validate(std::string_view batch, rf::Output& result) final {
    return each(batch, result, [this](const Json& item) -> Json {
      const auto problem = check(item.at("parameters"));
      if (!problem) return {{"ok", true}};
      return {{"ok", false}, {"field", problem->field}, {"text", problem->text}};
    });
  }

  rf::Status plan(std::string_view batch, rf::Output& result) final {
    return each(batch, result,
                [this](const Json& item) { return actions(item.at("parameters"), item.at("agent")); });
  }

  rf::Status onResult(std::string_view batch, rf::Output& result) final {
    return each(batch, result, [this](const Json& item) -> Json { return {{"effects", effects(item)}}; });
  }

 protected:
  // As draft/command_type.h says, for one item each.
  virtual Json description() const = 0;
  // What the schema cannot say.
  virtual std::optional<FieldProblem> check(const Json& parameters) const {
    static_cast<void>(parameters);
    return std::nullopt;
  }
  virtual Json actions(const Json& parameters, const Json& agent) const = 0;
  virtual Json effects(const Json& item) const {
    static_cast<void>(item);
    return Json::array();
  }

  static Json oneAction(const std::string& plugin, const std::string& action, Json parameters) {
    return {{"actions", {{{"plugin", plugin}, {"action", action}, {"parameters", std::move(parameters)}}}}};
  }
  static Json refused(const std::string& code, const std::string& text) {
    return {{"error", {{"code", code}, {"text", text}}}};
  }
  static bool has(const Json& agent, const std::string& plugin) {
    const auto& plugins = agent.at("plugins");
    return std::find(plugins.begin(), plugins.end(), plugin) != plugins.end();
  }

 private:
  template <class One>
  static rf::Status each(std::string_view batch, rf::Output& result, One&& one) {
    const Json in = Json::parse(batch);
    Json answers = Json::array();
    for (const Json& item : in.at("items"))
      answers.push_back(one(item));
    return result.write(Json{{"items", std::move(answers)}}.dump());
  }
};

}  // namespace redflag::command_types
