// As many rows as its settings say, {"rows":"100000"}, and nothing else.
#include <charconv>
#include <string>

#include "redflag/sdk.hpp"

namespace {

class Rows final : public rf::Scanner {
 public:
  explicit Rows(rf::Host) {}

  rf::Status configure(std::string_view settings) override {
    const auto digits = settings.find_first_of("0123456789");
    if (digits == std::string_view::npos) return rf::Status::kOk;
    std::from_chars(settings.data() + digits, settings.data() + settings.size(), rows_);
    return rf::Status::kOk;
  }
  rf::Status scan(rf::Run& run) override {
    for (int i = 0; i < rows_; ++i) {
      const auto name = "package-" + std::to_string(i);
      run.update().key(name).name(name).installedVersion("1.0").candidateVersion("1.1").commit();
    }
    return run.outcome();
  }

 private:
  int rows_ = 0;
};

const rf::Declaration kDeclaration{
    .id = "rows",
    .version = "1.0.0",
    .name = "Rows",
    .vendor = "RedFlag",
    .config_schema =
        R"({"type":"object","additionalProperties":false,"properties":{"rows":{"type":"string"}}})",
    .record_kinds = {"update/1"}};

}  // namespace

RF_PLUGIN(Rows, kDeclaration)
