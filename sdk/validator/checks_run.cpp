// What a plugin does when it is called: with a host that behaves, and with hosts that do not.

#include <thread>

#include "base/time.h"
#include "redflag/draft/command_type.h"
#include "redflag/scanner.h"
#include "validator/round.h"

namespace redflag::validator {
namespace {

constexpr std::int64_t kPatienceNs = 2 * kSecondNs;
const char* const kNothingToCall = "it only changes machines: nothing may be called here";

// Plays the rounds and judges them; a plugin without anything harmless to call is skipped.
template <class Judge>
std::function<Verdict(const Target&)> under(Conditions conditions, Judge judge) {
  return [conditions, judge](const Target& target) -> Verdict {
    const auto subject = loadSubject(target);
    if (!subject) return failed(subject.error().text);
    if (subject->operation.empty()) return skipped(kNothingToCall);
    return judge(*subject, target, play(*subject, target, conditions), conditions);
  };
}

Verdict statusIsKnown(const Round& round) {
  if (round.returned >= RF_OK && round.returned <= RF_INTERNAL) return {};
  return failed("it returned " + std::to_string(round.returned) + ", which is no rf_status");
}

Verdict survives(const Subject&, const Target&, const Round& round, const Conditions&) {
  return statusIsKnown(round);
}

Verdict ordinary(const Subject&, const Target&, const Round& round, const Conditions&) {
  if (!round.problem.empty()) return failed(round.problem);
  if (round.returned != RF_OK)
    return warning(std::string("on this machine it answers ") + host::statusName(round.returned));
  return statusIsKnown(round);
}

Verdict rowsAreValid(const Subject&, const Target&, const Round& round, const Conditions&) {
  return round.refusals.empty() ? Verdict{} : failed(round.refusals.front());
}

Verdict reportsAreStable(const Subject&, const Target&, const Round& round, const Conditions&) {
  return round.bad_reports.empty() ? Verdict{}
                                   : failed("a code that is not dotted lower case, with the text \"" +
                                            round.bad_reports.front() + "\"");
}

Verdict sameAgain(const Subject& subject, const Target& target, const Round& round,
                  const Conditions& conditions) {
  const Round again = play(subject, target, conditions);
  if (again.answer.size() != round.answer.size())
    return failed(std::to_string(round.answer.size()) + " rows first, then " +
                  std::to_string(again.answer.size()));
  std::size_t differ = 0;
  std::string first;
  for (std::size_t i = 0; i < round.answer.size(); ++i) {
    if (round.answer[i] == again.answer[i]) continue;
    if (differ++ == 0) first = round.answer[i].substr(0, 200) + " became " + again.answer[i].substr(0, 200);
  }
  if (differ == 0) return {};
  const bool all_measured =
      first.find("\"metric/1\"") != std::string::npos || first.find("\"fact/1\"") != std::string::npos;
  return all_measured && differ * 2 < round.answer.size() ? warning(first + " (a measured value may move)")
                                                          : failed(first);
}

Verdict answersAsUsual(const Subject& subject, const Target& target, const Round& round, const Conditions&) {
  const Round usual = play(subject, target);
  if (!round.problem.empty()) return failed(round.problem);
  return usual.answer.size() == round.answer.size() && usual.returned == round.returned
             ? Verdict{}
             : failed("another answer than to a host of today");
}

Verdict noAllClear(const Subject& subject, const Target&, const Round& round, const Conditions&) {
  if (const auto known = statusIsKnown(round); known.outcome != Outcome::kPassed) return known;
  if (round.service_calls == 0) return skipped("it does not use the service");
  bool scope_failed = false;
  for (const auto& [key, status] : round.scopes)
    scope_failed = scope_failed || status != "ok";
  if (subject.operation != "scan" || round.returned != RF_OK || scope_failed || round.explained) return {};
  return failed("all its " + std::to_string(round.service_calls) +
                " calls failed, and it answered OK without a word");
}

Verdict stopsSoon(const Subject&, const Target&, const Round& round, const Conditions&) {
  if (round.cancelled_for_ns > kPatienceNs)
    return failed("it went on for " + std::to_string(round.cancelled_for_ns / 1'000'000) +
                  " ms after it was to stop");
  return statusIsKnown(round);
}

Verdict badSettings(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  if (subject->operation.empty()) return skipped(kNothingToCall);
  std::vector<std::string> bad = {"", "{", "[]", "null", R"({"no_such_key":1})", "\xff\xfe"};
  const Json members = subject->manifest.config_schema.value("properties", Json::object());
  for (const auto& [name, schema] : members.items()) {
    for (const Json& value : {Json(nullptr), Json(-1), Json("x"), Json::array({1, "a"}), Json::object()})
      bad.push_back(dumpJson({{name, value}}));
  }
  for (const auto& settings : bad) {
    const Round round = play(*subject, {target.library, settings});
    if (const auto known = statusIsKnown(round); known.outcome != Outcome::kPassed) return known;
  }
  return {};
}

Verdict badRequests(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  if (subject->interface_id != RF_COMMAND_TYPE_1) return skipped("it is no command type");
  for (const char* operation : {"validate", "plan", "on_result"}) {
    for (const char* request : {"", "{", "[]", R"({"items":7})", R"({"items":[7,null,{}]})", "\xff",
                                R"({"items":[{"parameters":[]}]})"}) {
      Conditions conditions;
      conditions.operation = operation;
      conditions.request = request;
      const Round round = play(*subject, target, conditions);
      if (const auto known = statusIsKnown(round); known.outcome != Outcome::kPassed) return known;
    }
  }
  return {};
}

Verdict twoThreads(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  if (subject->operation.empty()) return skipped(kNothingToCall);
  Round one;
  Round two;
  {
    const std::jthread first([&] { one = play(*subject, target); });
    const std::jthread second([&] { two = play(*subject, target); });
  }
  if (one.returned != two.returned || one.answer.size() != two.answer.size())
    return failed("the two gave different answers");
  return {};
}

}  // namespace

void addServiceChecks(std::vector<Check>& into) {
  const auto add = [&](const char* name, const char* what, Fault fault, const char* service,
                       const auto& judge) {
    Conditions conditions;
    conditions.fault = fault;
    conditions.faulty_service = service;
    if (fault == Fault::kHangs) conditions.cancel_after_ms = 100;
    into.push_back({name, what,
                    fault == Fault::kFails ? "a status, a failed scope or a report; never a silent OK"
                                           : "an ordinary return",
                    6, under(conditions, judge)});
  };
  add("services.none", "answer NULL for every service", Fault::kAbsent, "", survives);
  add("services.file_fails", "let every rf.file/1 call fail", Fault::kFails, RF_FILE_1, noAllClear);
  add("services.exec_fails", "let every rf.exec/1 call fail", Fault::kFails, RF_EXEC_1, noAllClear);
  add("services.state_fails", "let every rf.state/1 call fail", Fault::kFails, RF_STATE_1, survives);
  add("services.hang", "let every service hang, and cancel", Fault::kHangs, "", stopsSoon);
  add("services.flood", "let every service answer 10 MiB", Fault::kFloods, "", survives);
  add("services.not_text", "let every service answer bytes that are not UTF-8", Fault::kNotText, "",
      survives);
}

void addRunChecks(std::vector<Check>& into) {
  const auto add = [&](const char* name, const char* did, const char* expected, int rule,
                       const Conditions& conditions, const auto& judge) {
    into.push_back({name, did, expected, rule, under(conditions, judge)});
  };
  add("run.ordinary", "call it as an agent would", "it returns a status", 6, {}, ordinary);
  add("run.rows", "check every row and scope", "rows as the table has them, scopes and records ended", 8, {},
      rowsAreValid);
  add("run.reports", "check the codes of its reports", "dotted lower case", 6, {}, reportsAreStable);
  add("run.twice", "call it twice", "the same answer", 7, {}, sameAgain);
  Conditions grown;
  grown.grown_by = 64;
  add("host.larger", "give it a host and a run with 64 bytes more", "the usual answer", 2, grown,
      answersAsUsual);
  Conditions conditions;
  conditions.cancelled = true;
  add("cancel.before", "cancel before the call", "it returns within 2 s", 9, conditions, stopsSoon);
  conditions = {};
  conditions.cancel_after_ms = 5;
  add("cancel.during", "cancel 5 ms after the call began", "it returns within 2 s", 9, conditions, stopsSoon);
  conditions = {};
  conditions.deadline_past = true;
  add("cancel.deadline_past", "call it after its deadline", "it returns within 2 s", 9, conditions,
      stopsSoon);
  conditions = {};
  conditions.max_records = 0;
  add("run.limit", "answer RF_LIMIT to every commit", "it stops committing and returns", 8, conditions,
      survives);
  into.push_back(
      {"run.settings", "configure it with text that its schema does not allow", "a status", 10, badSettings});
  into.push_back({"run.requests", "send a command type batches that are none", "a status", 6, badRequests});
  into.push_back(
      {"run.two_threads", "run two objects in two threads", "both give the same answer", 5, twoThreads});
}

}  // namespace redflag::validator
