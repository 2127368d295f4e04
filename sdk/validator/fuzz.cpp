#include "validator/fuzz.h"

#include "validator/round.h"
#include "validator/tape.h"

namespace redflag::validator {
namespace {

constexpr std::uint64_t kRoundsAProcess = 50;

Verdict judge(const Round& round) {
  if (!round.problem.empty()) return failed(round.problem);
  if (round.returned < RF_OK || round.returned > RF_INTERNAL)
    return failed("scan answered " + std::to_string(round.returned) + ", which is no status");
  if (!round.bad_reports.empty()) return failed("a bad report: " + round.bad_reports.front());
  return {};
}

Verdict playRounds(const Target& target, const Recording& recording, std::uint64_t seed, std::uint64_t from,
                   std::uint64_t to) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  for (std::uint64_t at = from; at < to; ++at) {
    Conditions conditions;
    conditions.tape = [&](const rf_host* real) { return Tape::play(real, recording, Mutator(seed, at)); };
    if (auto verdict = judge(play(*subject, target, conditions)); verdict.outcome != Outcome::kPassed)
      return verdict;
  }
  return {};
}

Verdict inProcess(const Target& target, const Recording& recording, const FuzzPlan& plan, std::uint64_t from,
                  std::uint64_t to) {
  Check check;
  check.run = [&](const Target& of) { return playRounds(of, recording, plan.seed, from, to); };
  return runIsolated(check, target, plan.timeout_s);
}

}  // namespace

Result<> recordRun(const Target& target, const std::filesystem::path& file, int timeout_s) {
  Check check;
  check.run = [&](const Target& of) -> Verdict {
    const auto subject = loadSubject(of);
    if (!subject) return failed(subject.error().text);
    Recording recording{subject->manifest.id, subject->manifest.version, {}};
    Conditions conditions;
    conditions.tape = [&](const rf_host* real) { return Tape::record(real, recording); };
    if (const auto round = play(*subject, of, conditions); !round.problem.empty())
      return failed(round.problem);
    const auto written = writeRecording(file, recording);
    return written ? Verdict{} : failed(written.error().text);
  };
  const auto verdict = runIsolated(check, target, timeout_s);
  if (verdict.outcome == Outcome::kPassed) return {};
  return fail(Code::kInvalid, verdict.text);
}

std::optional<FuzzFinding> fuzz(const Target& target, const Recording& recording, const FuzzPlan& plan) {
  const std::uint64_t first = plan.only.value_or(0);
  const std::uint64_t end = plan.only ? first + 1 : plan.rounds + 1;
  for (std::uint64_t from = first; from < end; from += kRoundsAProcess) {
    const std::uint64_t to = std::min(from + kRoundsAProcess, end);
    if (inProcess(target, recording, plan, from, to).outcome == Outcome::kPassed) continue;
    // Which of them it was; together they may also have been too slow, which is no finding.
    for (std::uint64_t at = from; at < to; ++at) {
      auto verdict = inProcess(target, recording, plan, at, at + 1);
      if (verdict.outcome != Outcome::kPassed) return FuzzFinding{at, std::move(verdict)};
    }
  }
  return std::nullopt;
}

}  // namespace redflag::validator
