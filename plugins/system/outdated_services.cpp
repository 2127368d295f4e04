#include "outdated_services.h"

#include <algorithm>
#include <vector>

#include "common/nobody_to_ask.h"
#include "common/package_text.h"
#include "common/units.h"
#include "left_alone.h"

namespace redflag::system {
namespace {

constexpr std::uint64_t kMaxAnswer = 4U << 20;
constexpr std::size_t kNamedFiles = 3;
constexpr std::size_t kMaxPath = 1024;

std::string listed(const std::set<std::string>& items, std::size_t most) {
  std::string text;
  std::size_t count = 0;
  for (const auto& item : items) {
    if (count++ == most) return text + " and " + std::to_string(items.size() - most) + " more";
    text += (text.empty() ? "" : ", ") + item;
  }
  return text;
}

bool isPath(const std::string& text) {
  return text.size() <= kMaxPath &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

void OutdatedServices::report() {
  const auto answer = processes_.get("/proc", "/outdated", kMaxAnswer);
  if (plugin::isNobodyToAsk(answer)) return;
  auto scope = run_.scope("services");
  if (answer && answer->http_status == 200) return tell(answer->body, scope);
  scope.fail(answer ? rf::Status::kInternal : answer.status(), "system.processes_not_asked",
             answer ? "an odd answer" : answer.text());
}

void OutdatedServices::tell(const std::string& body, rf::Scope& scope) {
  const auto json = parseJson(body, {.bytes = kMaxAnswer, .depth = 8, .values = 200'000});
  const auto grouped = json ? group(*json) : tl::unexpected<Error>(json.error());
  if (!grouped) return scope.fail(rf::Status::kInternal, "system.bad_answer", grouped.error().text);
  std::set<std::string> all;
  for (const auto& [unit, service] : services_)
    all.insert(service.files.begin(), service.files.end());
  auto owners = owners_.of(all);
  for (const auto& [unit, service] : services_) {
    auto row = run_.service();
    row.name(unit).state("running").needsRestart(true);
    if (!whyLeftAlone(unit).empty()) row.needsReboot(true);
    row.reason(listed(service.commands, kNamedFiles) +
               " still runs what was replaced: " + listed(service.files, kNamedFiles));
    std::set<std::string> packages;
    for (const auto& file : service.files)
      packages.insert(owners[file].begin(), owners[file].end());
    for (const auto& package : packages)
      row.package(package);
    static_cast<void>(row.commit());
  }
  if (!is_cut_) return scope.complete();
  scope.fail(rf::Status::kLimit, "system.too_many_processes",
             "more processes run what was replaced than are told of: services may be missing");
}

redflag::Result<> OutdatedServices::group(const Json& answer) {
  JsonReader in(answer, "outdated");
  const Json& processes = in.array("processes", 2000);
  const auto unreadable = in.integer("unreadable", 0, 10'000'000);
  is_cut_ = in.optionalBoolean("is_cut", false);
  if (auto ok = in.finish(); !ok) return ok;
  for (const Json& item : processes) {
    JsonReader process(item, "outdated.processes");
    const auto unit = plugin::unitOf(process.text("control_group", 4096));
    const auto command = process.text("command", 64);
    const Json& files = process.array("files", 64);
    if (auto ok = process.finishIgnoringUnknown(); !ok) return ok;
    if (unit.empty()) continue;
    auto& service = services_[unit];
    // A process calls itself what it likes: a row that refuses it must not be missing for that.
    service.commands.insert(plugin::isPrintableText(command) ? command : "a process");
    for (const Json& file : files)
      if (file.is_string() && isPath(file.get_ref<const std::string&>()))
        service.files.insert(file.get<std::string>());
  }
  run_.fact("services.unreadable_processes", unreadable);
  return {};
}

}  // namespace redflag::system
