#include "validator/round.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/json.h"
#include "base/time.h"
#include "host/channel.h"
#include "host/linux/descriptor.h"
#include "host/operation.h"
#include "host/services/services.h"
#include "host/text.h"
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/scanner.h"
#include "validator/rows.h"
#include "validator/tape.h"

namespace redflag::validator {
namespace {

// A struct as a later host would have it: the members of today, then bytes nobody knows yet.
template <class T>
class Grown {
 public:
  Grown(const T& of, std::uint64_t by) : bytes_(sizeof(T) + by, '\xa5') {
    T copy = of;
    copy.struct_size += by;
    std::memcpy(bytes_.data(), &copy, sizeof(copy));
  }
  const T* get() const { return reinterpret_cast<const T*>(bytes_.data()); }

 private:
  std::string bytes_;
};

// Sets `cancelled` after a while, and remembers when.
class Canceller {
 public:
  Canceller(host::RunControl& control, int after_ms) {
    if (after_ms < 0) return;
    thread_ = std::jthread([this, &control, after_ms](const std::stop_token& stop) {
      for (int i = 0; i < after_ms && !stop.stop_requested(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      at_ = monotonicNow();
      control.cancelled = true;
    });
  }
  std::int64_t at() const { return at_; }

 private:
  std::atomic<std::int64_t> at_{INT64_MAX};
  std::jthread thread_;
};

void take(Round& round, const host::Frame& frame, std::string& scope) {
  using host::FrameType;
  if (frame.type == FrameType::kResult || frame.type == FrameType::kResultPart)
    round.answer.push_back(frame.payload);
  const auto json = parseJson(frame.payload);
  if (!json || !json->is_object()) return;
  if (frame.type == FrameType::kRecord) round.answer.push_back(scope + ": " + withoutMeasurements(*json));
  if (frame.type == FrameType::kBeginScope) scope = json->value("key", "");
  if (frame.type == FrameType::kEndScope) {
    round.scopes[json->value("key", "")] = json->value("status", "");
    scope.clear();
  }
  if (frame.type != FrameType::kReport) return;
  const auto code = json->value("code", "");
  const auto text = json->value("text", "");
  if (code == "plugin.bad_report") {
    round.bad_reports.push_back(text);
  } else if (code == "record.refused") {
    round.refusals.push_back(text);
  } else {
    round.explained = true;
  }
}

void readBack(Round& round, int fd) {
  host::FrameDecoder decoder;
  std::string buffer(1U << 16, '\0');
  for (off_t at = 0;;) {
    const auto got = ::pread(fd, buffer.data(), buffer.size(), at);
    if (got <= 0) break;
    decoder.feed({buffer.data(), static_cast<std::size_t>(got)});
    at += got;
  }
  std::string scope;
  for (auto frame = decoder.next(); frame && *frame; frame = decoder.next())
    take(round, **frame, scope);
  std::sort(round.answer.begin(), round.answer.end());
}

std::vector<std::string> wishesOf(const host::Manifest& manifest) {
  std::vector<std::string> out;
  for (const auto& wish : manifest.capabilities)
    out.push_back(wish.spec);
  return out;
}

void call(Round& round, const Subject& subject, const Target& target, const Conditions& conditions,
          rf_plugin* plugin, const rf_run* run, host::Channel& channel) {
  round.returned = plugin->configure(plugin, host::rfStr(target.settings));
  if (round.returned != RF_OK) {
    round.problem = std::string("configure answered ") + host::statusName(round.returned);
    return;
  }
  if (conditions.only_configure) return;
  host::Start start;
  start.interface_id = subject.interface_id;
  start.operation = conditions.operation.empty() ? subject.operation : conditions.operation;
  start.request = conditions.request;
  const auto returned = host::perform(plugin, run, start, channel);
  if (returned) {
    round.returned = *returned;
  } else {
    round.problem = returned.error().text;
  }
}

}  // namespace

Result<Subject> loadSubject(const Target& target) {
  auto library = host::loadLibrary(target.library);
  if (!library) return tl::unexpected<Error>(library.error());
  auto manifest = host::describe(*library);
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  Subject subject{*library, std::move(*manifest), {}, {}};
  if (subject.manifest.offers(RF_SCANNER_1)) {
    subject.interface_id = RF_SCANNER_1;
    subject.operation = "scan";
  } else if (subject.manifest.offers(RF_COMMAND_TYPE_1)) {
    subject.interface_id = RF_COMMAND_TYPE_1;
    subject.operation = "describe";
  } else if (subject.manifest.offers(RF_ACTIONS_1)) {
    subject.interface_id = RF_ACTIONS_1;
    subject.operation = "list";
  }
  return subject;
}

Round play(const Subject& subject, const Target& target, const Conditions& conditions) {
  Round round;
  const host::Descriptor file(::memfd_create("round", MFD_CLOEXEC));
  host::Channel channel(file.get());
  host::Reporter reporter(channel);
  host::RunControl control;
  const std::int64_t begun = monotonicNow();
  control.deadline_ns = conditions.deadline_past ? begun - kSecondNs : begun + 60 * kSecondNs;
  control.cancelled = conditions.cancelled;
  const host::Capabilities capabilities(wishesOf(subject.manifest));
  host::Services services({capabilities, control, reporter}, {}, true, -1);
  FalseServices offered(conditions.fault, conditions.faulty_service, services.host(), control);
  const auto tape = conditions.tape ? conditions.tape(services.host()) : nullptr;
  const Grown<rf_host> host(tape ? *tape->host() : *offered.host(), conditions.grown_by);

  rf_plugin* plugin = subject.library->create(host.get());
  if (plugin == nullptr) {
    round.problem = "create answered NULL";
    return round;
  }
  round.object = plugin;
  if (!conditions.only_create) {
    host::Run run({subject.manifest.id, subject.manifest.record_kinds, RF_PURPOSE_UPDATES,
                   conditions.max_records, subject.operation == "scan" && conditions.operation.empty()},
                  control, channel, reporter);
    const Grown<rf_run> table(*run.table(), conditions.grown_by);
    const Canceller canceller(control, conditions.cancel_after_ms);
    call(round, subject, target, conditions, plugin, table.get(), channel);
    const std::int64_t stop_at = control.cancelled && conditions.cancelled ? begun : canceller.at();
    const std::int64_t asked = conditions.deadline_past ? begun : stop_at;
    round.cancelled_for_ns = std::max<std::int64_t>(0, monotonicNow() - std::min(asked, monotonicNow()));
    run.finish(round.returned);
  }
  plugin->destroy(plugin);
  round.service_calls = offered.calls();
  channel.flush();
  readBack(round, file.get());
  return round;
}

}  // namespace redflag::validator
