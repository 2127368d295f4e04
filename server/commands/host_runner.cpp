#include "commands/host_runner.h"

#include <mutex>

#include "base/log.h"
#include "base/time.h"
#include "commands/host_process.h"
#include "host/frame.h"
#include "host/load.h"
#include "redflag/draft/command_type.h"

namespace redflag::commands {
namespace {

constexpr JsonLimits kAnswerLimits{16U << 20, 32, 1'000'000};
constexpr std::int64_t kGraceNs =
    kSecondNs;  // the host ends a run at its deadline by itself; this is for one that cannot

std::string startFrames(const std::filesystem::path& library, const std::string& operation,
                        const Json& request, std::int64_t deadline_ms) {
  // A command type has no services and needs nothing of the machine.
  host::Load load;
  load.library = library;
  load.seal = host::Seal::kBest;
  return host::encodeFrame(host::FrameType::kLoad, host::encodeLoad(load)) +
         host::encodeFrame(host::FrameType::kStart, dumpJson({{"operation", operation},
                                                              {"interface", RF_COMMAND_TYPE_1},
                                                              {"settings", Json::object()},
                                                              {"purpose", "updates"},
                                                              {"deadline_ms", deadline_ms},
                                                              {"request", request}}));
}

// Once: it is the machine's, not the command type's.
void tellOfWalls(const std::string& payload) {
  static std::once_flag told;
  const auto walls = parseJson(payload);
  if (!walls || !walls->is_object()) return;
  std::string missing;
  for (const auto& [name, standing] : walls->items()) {
    if (standing != true) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return;
  std::call_once(told, [&] {
    spdlog::warn("command types run without walls that this system cannot build: {}", missing);
  });
}

// What the frames of one run add up to.
struct Conversation {
  Json answer;
  std::string text;  // of an answer that comes in parts, until its end
  bool answered = false;
  std::string status;
  std::string report;

  Result<> take(const host::Frame& frame) {
    switch (frame.type) {
      case host::FrameType::kResultPart:
      case host::FrameType::kResult: {
        if (text.size() + frame.payload.size() > kAnswerLimits.bytes)
          return fail(Code::kLimit, "the command type's answer is too long");
        text += frame.payload;
        if (frame.type == host::FrameType::kResultPart) return {};
        auto parsed = parseJson(text, kAnswerLimits);
        if (!parsed) return failAt("the command type's answer", parsed.error());
        answer = std::move(*parsed);
        answered = true;
        return {};
      }
      case host::FrameType::kLog:
      case host::FrameType::kReport: {
        const auto parsed = parseJson(frame.payload);
        if (parsed && parsed->is_object() && parsed->contains("text") && (*parsed)["text"].is_string()) {
          report = (*parsed)["text"].get<std::string>().substr(0, 500);
        }
        return {};
      }
      case host::FrameType::kDone: {
        const auto parsed = parseJson(frame.payload);
        const bool known =
            parsed && parsed->is_object() && parsed->contains("status") && (*parsed)["status"].is_string();
        status = known ? (*parsed)["status"].get<std::string>() : "internal";
        return {};
      }
      case host::FrameType::kSealed:
        tellOfWalls(frame.payload);
        return {};
      case host::FrameType::kHello:
        return {};
      default:
        return fail(Code::kInvalid, "the command type's host sent a frame that does not belong here");
    }
  }
};

Result<> converse(HostProcess& process, Conversation& talk, std::int64_t deadline_ns) {
  host::FrameDecoder decoder;
  while (talk.status.empty()) {
    auto bytes = process.receive(deadline_ns);
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    if (bytes->empty()) return fail(Code::kUnavailable, "its host ended without a word: it crashed");
    decoder.feed(*bytes);
    for (;;) {
      auto frame = decoder.next();
      if (!frame) return tl::unexpected<Error>(frame.error());
      if (!*frame) break;
      if (auto taken = talk.take(**frame); !taken) return taken;
    }
  }
  return {};
}

}  // namespace

Result<Json> HostRunner::run(const std::filesystem::path& library, const std::string& operation,
                             const Json& request) {
  const std::string place = library.stem().string() + "." + operation;
  const std::int64_t deadline_ns = monotonicNow() + deadline_ms_ * 1'000'000 + kGraceNs;
  auto process = HostProcess::start(host_, deadline_ms_ / 1000 + 1);
  if (!process) return failAt(place, process.error());
  if (auto sent = process->send(startFrames(library, operation, request, deadline_ms_), deadline_ns); !sent) {
    return failAt(place, sent.error());
  }
  Conversation talk;
  if (auto talked = converse(*process, talk, deadline_ns); !talked) return failAt(place, talked.error());
  if (talk.status != "ok") {
    return fail(Code::kUnavailable,
                place + " ended as " + talk.status + (talk.report.empty() ? "" : ": " + talk.report));
  }
  if (!talk.answered) return fail(Code::kInvalid, place + " wrote no answer");
  return std::move(talk.answer);
}

}  // namespace redflag::commands
