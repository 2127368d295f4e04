// Signs its name for each order it carries out, where a test that kills everything else can count. Below
// `folder`: a line in `signed` for each time, on disk before the action says that it is done.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <redflag/sdk.hpp>
#include <string>
#include <thread>

namespace {

using nlohmann::json;

class Witness final : public rf::Actions {
 public:
  explicit Witness(rf::Host host) : progress_(host) {}

  rf::Status configure(std::string_view settings) override {
    folder_ = json::parse(settings).at("folder").get<std::string>();
    return rf::Status::kOk;
  }

  rf::Status listActions(rf::Output& result) override {
    const json schema = json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["mark", "work_ms"],
      "properties": {"mark": {"type": "string"}, "work_ms": {"type": "integer", "minimum": 0}}})");
    return result.write(json{
        {"actions", {{{"name", "sign"}, {"title", "Sign"}, {"risk", "low"}, {"parameters_schema", schema}}}}}
                            .dump());
  }

  rf::Status runAction(rf::Run& run, std::string_view request, rf::Output& result) override {
    const json wish = json::parse(request).at("parameters");
    const std::string mark = wish.at("mark");
    const std::chrono::milliseconds half(wish.at("work_ms").get<int>() / 2);
    std::this_thread::sleep_for(half);
    if (!sign(mark + '\n')) return run.fail(rf::Status::kPermanent, "witness.not_signed", mark);
    progress_.line("signed " + mark);
    std::this_thread::sleep_for(half);
    return result.write(json{{"mark", mark}}.dump());
  }

 private:
  bool sign(const std::string& line) const {
    const int file = ::open((folder_ / "signed").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    const bool kept = ::fsync(file) == 0;
    return (::close(file) == 0) && written && kept;
  }

  rf::Progress progress_;
  std::filesystem::path folder_;
};

const rf::Declaration kDeclaration{
    .id = "test.witness",
    .version = "1.0.0",
    .name = "Signs for each order",
    .vendor = "RedFlag",
    .config_schema =
        R"({"type":"object","properties":{"folder":{"type":"string","pattern":"^/"}},"required":["folder"],"additionalProperties":false})",
    .capabilities = {{"write:{folder}", false}},
};

}  // namespace

RF_PLUGIN(Witness, kDeclaration)
