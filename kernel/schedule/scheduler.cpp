#include "schedule/scheduler.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <system_error>

#include "base/log.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxFileBytes = 256U << 10U;
constexpr std::size_t kMaxTime = 40;
constexpr const char* kBootMember = "/boot_id";  // among the plugins, none of which can be called so
// A clock that is set, or a machine that slept, is noticed within this time.
constexpr std::int64_t kLongestSleepNs = 60 * kSecondNs;

bool isOfAnotherBoot(const Json& json, const std::string& boot_id) {
  const auto it = json.find(kBootMember);
  return !boot_id.empty() && it != json.end() && *it != "" && *it != boot_id;
}

Schedule::LastRuns loadLastRuns(const std::filesystem::path& file, const std::string& boot_id) {
  Schedule::LastRuns runs;
  const auto text = platform::readFile(file, kMaxFileBytes);
  const auto json = text ? parseJson(*text) : Result<Json>(Json::object());
  if (!json || !json->is_object()) {
    spdlog::warn("{}: not readable, every plugin is scanned now", file.string());
    return runs;
  }
  if (isOfAnotherBoot(*json, boot_id)) {
    spdlog::info("the machine was restarted, every plugin is scanned now");
    return runs;
  }
  for (const auto& [plugin, at] : json->items()) {
    if (!at.is_string() || at.get_ref<const std::string&>().size() > kMaxTime) continue;
    if (const auto time = fromRfc3339(at.get_ref<const std::string&>())) runs[plugin] = *time;
  }
  return runs;
}

std::int64_t evenly(std::int64_t at_most) {
  static thread_local std::mt19937_64 source{std::random_device{}()};
  return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(at_most, 0))(source);
}

std::vector<std::pair<std::string, ScheduleConfig>> entriesOf(const Config& config) {
  std::vector<std::pair<std::string, ScheduleConfig>> out;
  for (const auto& plugin : config.plugins)
    out.emplace_back(plugin.id, plugin.schedule);
  return out;
}

}  // namespace

Scheduler::Scheduler(Scanner& scanner, std::filesystem::path file, const Clock& clock, std::string boot_id)
    : scanner_(scanner),
      file_(std::move(file)),
      boot_id_(std::move(boot_id)),
      clock_(clock),
      schedule_(clock, evenly, loadLastRuns(file_, boot_id_)) {}

Scheduler::~Scheduler() {
  stop();
}

void Scheduler::start(const Config& config) {
  configure(config);
  thread_ = std::thread([this] { run(); });
}

void Scheduler::configure(const Config& config) {
  const std::lock_guard lock(mutex_);
  entries_ = entriesOf(config);
  arrange();
  changed_.notify_all();
}

void Scheduler::hurry(const std::vector<std::string>& plugins, std::int64_t every_ns, std::int64_t for_ns) {
  const std::lock_guard lock(mutex_);
  hurry_.reset();
  if (for_ns > 0) hurry_ = Hurry{plugins, every_ns, clock_.monotonicNs() + for_ns};
  arrange();
  changed_.notify_all();
}

void Scheduler::arrange() {
  auto entries = entries_;
  for (auto& [plugin, when] : entries) {
    const bool named =
        hurry_ && std::find(hurry_->plugins.begin(), hurry_->plugins.end(), plugin) != hurry_->plugins.end();
    if (named && hurry_->every_ns < when.every_ns) when = {hurry_->every_ns, 0};
  }
  schedule_.configure(entries);
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Scheduler::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (hurry_ && clock_.monotonicNs() >= hurry_->until_ns) {
      hurry_.reset();
      arrange();
    }
    for (const auto& plugin : schedule_.takeDue())
      startScan(plugin);
    const auto sleep = std::min(schedule_.untilNext(), kLongestSleepNs);
    changed_.wait_for(lock, std::chrono::nanoseconds(sleep));
    joinDone(lock, false);
  }
  joinDone(lock, true);
}

// With the lock held; the scan itself runs without it. A machine without room for another thread is no reason
// to end.
void Scheduler::startScan(const std::string& plugin) {
  jobs_.emplace_back();
  Job& job = jobs_.back();
  try {
    job.thread = std::thread([this, &job, plugin] { runScan(job, plugin); });
  } catch (const std::system_error& error) {
    spdlog::error("scans: scan.not_started: {}: the scheduled scan cannot be started: {}", plugin,
                  error.what());
    jobs_.pop_back();
    schedule_.lost(plugin);
  }
}

void Scheduler::runScan(Job& job, const std::string& plugin) {
  const auto scanned = scanner_.scan({{plugin}, "updates", Trigger::kSchedule, ""});
  const bool cut_off = !scanned && scanned.error().code == Code::kCancelled;
  if (!scanned && !cut_off) {
    spdlog::error("scans: scan.lost: {}: the scheduled scan is lost and tried again: {}", plugin,
                  scanned.error().text);
  }
  const std::lock_guard lock(mutex_);
  if (scanned) {
    schedule_.finished(plugin);
    save();
  } else if (!cut_off) {
    schedule_.lost(plugin);
  }
  job.done = true;
  changed_.notify_all();
}

void Scheduler::joinDone(std::unique_lock<std::mutex>& lock, bool all) {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if (!job->done && !all) {
      ++job;
      continue;
    }
    lock.unlock();
    job->thread.join();
    lock.lock();
    job = jobs_.erase(job);
  }
}

void Scheduler::save() {
  Json json = {{kBootMember, boot_id_}};
  for (const auto& [plugin, at] : schedule_.lastRuns())
    json[plugin] = toRfc3339(at);
  if (auto saved = platform::writeFileAtomic(file_, dumpJson(json), 0600, platform::Durability::kCrash);
      !saved) {
    spdlog::warn("the times of the last scans are not kept: {}", saved.error().text);
  }
}

std::int64_t Scheduler::nextAt(const std::string& plugin) const {
  const std::lock_guard lock(mutex_);
  return schedule_.nextAt(plugin);
}

std::int64_t Scheduler::lastRun(const std::string& plugin) const {
  const std::lock_guard lock(mutex_);
  const auto run = schedule_.lastRuns().find(plugin);
  return run == schedule_.lastRuns().end() ? 0 : run->second;
}

}  // namespace redflag::kernel
