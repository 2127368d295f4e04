#include "reads/unit_questions.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "reads/tool.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxUnits = 200;
constexpr std::size_t kMaxUnitName = 255;
constexpr std::size_t kMaxDescription = 300;
constexpr std::size_t kMaxShown = 1U << 20U;

std::string_view takeUntil(std::string_view& text, std::string_view end) {
  const auto at = std::min(text.find(end), text.size());
  const auto taken = text.substr(0, at);
  text.remove_prefix(std::min(at + end.size(), text.size()));
  return taken;
}

// What systemd lets a unit be called: unit_name_is_valid().
bool isUnitName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxUnitName && name.find('.') != std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(":-_.\\@").find(c) != std::string_view::npos;
         });
}

std::string onOneLine(std::string_view text) {
  std::string out(text.substr(0, kMaxDescription));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

std::int64_t exitStatus(std::string_view digits) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && stop == digits.data() + digits.size() && value >= 0 && value <= 255 ? value
                                                                                                     : 0;
}

// One block of Key=value lines; nullopt without a name that can be one.
std::optional<Json> unitOfBlock(std::string_view block) {
  Json unit = {{"name", ""}, {"description", ""}, {"result", ""}, {"status", 0}};
  while (!block.empty()) {
    auto line = takeUntil(block, "\n");
    const auto key = takeUntil(line, "=");
    if (key == "Id" && isUnitName(line)) unit["name"] = line;
    if (key == "Description") unit["description"] = onOneLine(line);
    if (key == "Result") unit["result"] = onOneLine(line);
    if (key == "ExecMainStatus") unit["status"] = exitStatus(line);
  }
  return unit.at("name") == "" ? std::nullopt : std::optional(std::move(unit));
}

}  // namespace

bool isUnitQuestion(std::string_view target) {
  return target == "/failed";
}

Result<Json> failedUnits(std::string_view printed) {
  Json units = Json::array();
  std::size_t total = 0;
  while (!printed.empty()) {
    const auto block = takeUntil(printed, "\n\n");
    if (block.find_first_not_of('\n') == std::string_view::npos) continue;
    auto unit = unitOfBlock(block);
    if (!unit) return fail(Code::kInvalid, "systemctl printed a unit without a name");
    if (++total <= kMaxUnits) units.push_back(std::move(*unit));
  }
  Json told = {{"units", std::move(units)}};
  if (total > kMaxUnits) told["total"] = total;
  return told;
}

Result<std::string> failedUnitsJson(const UnitPlaces& places, std::int64_t until_ns,
                                    const std::atomic<bool>& stopping) {
  std::error_code error;
  if (!std::filesystem::is_directory(places.booted, error))
    return fail(Code::kNotFound,
                "systemd does not run this machine: " + places.booted.string() + " is missing");
  const auto ran = runTool(
      places.program,
      {"show", "--state=failed", "--property=Id,Description,Result,ExecMainStatus", "--no-pager", "--", "*"},
      kMaxShown, until_ns, stopping);
  if (!ran) return tl::unexpected<Error>(ran.error());
  if (ran->exit_code != 0)
    return fail(Code::kUnavailable, "systemctl ended with " + std::to_string(ran->exit_code));
  const auto units = failedUnits(ran->text);
  if (!units) return tl::unexpected<Error>(units.error());
  return dumpJson(*units);
}

}  // namespace redflag::kernel
