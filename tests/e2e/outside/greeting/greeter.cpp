// The machine's half: writes the greeting, as root and sealed; nothing but its own folder is open to it.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <redflag/sdk.hpp>

namespace {

using nlohmann::json;

class Greeter final : public rf::Actions {
 public:
  explicit Greeter(rf::Host host) : progress_(host) {}

  rf::Status configure(std::string_view settings) override {
    const json given = json::parse(settings.empty() ? "{}" : settings, nullptr, false);
    if (!given.is_object() || given.size() > given.count("folder")) return rf::Status::kInvalid;
    if (given.contains("folder") && !given["folder"].is_string()) return rf::Status::kInvalid;
    folder_ = given.value("folder", "");
    return rf::Status::kOk;
  }

  rf::Status listActions(rf::Output& result) override {
    const json schema = json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["names", "tone"],
      "properties": {"names": {"type": "array", "items": {"type": "string"}},
                     "tone": {"enum": ["friendly", "formal"]},
                     "times": {"type": "integer", "minimum": 1, "maximum": 3},
                     "loud": {"type": "boolean"}}})");
    return result.write(json{
        {"actions",
         {{{"name", "greet"}, {"title", "Greet people"}, {"risk", "low"}, {"parameters_schema", schema}}}}}
                            .dump());
  }

  rf::Status runAction(rf::Run& run, std::string_view request, rf::Output& result) override {
    const json wish = json::parse(request).at("parameters");
    const auto file = folder_ / "greeting";
    std::ofstream out(file);
    json lines = json::array();
    for (const std::string name : wish.at("names")) {
      std::string line = (wish.at("tone") == "formal" ? "Good day, " : "Hello ") + name;
      if (wish.value("loud", false))
        std::transform(line.begin(), line.end(), line.begin(),
                       [](unsigned char c) { return std::toupper(c); });
      for (int i = 0; i < wish.value("times", 1); ++i) {
        out << line << '\n';
        lines.push_back(line);
        progress_.line(line);
      }
    }
    out.close();
    if (!out)
      return run.fail(rf::Status::kPermanent, "greeter.not_written", file.string() + " cannot be written");
    return result.write(json{{"file", file.string()}, {"lines", lines}}.dump());
  }

 private:
  rf::Progress progress_;
  std::filesystem::path folder_;
};

const rf::Declaration kDeclaration{
    .id = "org.example.greeter",
    .version = "1.0.0",
    .name = "Greeter",
    .vendor = "Example",
    .config_schema =
        R"({"type":"object","properties":{"folder":{"type":"string","pattern":"^/"}},"additionalProperties":false})",
    .capabilities = {{"write:{folder}", false}},
};

}  // namespace

RF_PLUGIN(Greeter, kDeclaration)
