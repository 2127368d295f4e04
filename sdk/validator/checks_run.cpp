// What a plugin does when it is called: with a host that behaves, and with hosts that do not.

#include <algorithm>
#include <thread>

#include "base/time.h"
#include "redflag/draft/command_type.h"
#include "redflag/scanner.h"
#include "validator/round.h"
#include "validator/rows.h"

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
  if (round.returned != RF_OK && statusIsKnown(round).outcome == Outcome::kPassed)
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

Verdict sameAnswer(const Round& one, const Round& two) {
  if (one.returned != two.returned)
    return failed(std::string("first ") + host::statusName(one.returned) + ", then " +
                  host::statusName(two.returned));
  const auto difference = firstDifference(one.answer, two.answer);
  return difference.empty() ? Verdict{} : failed(difference);
}

// Also the answer to a host of another size.
Verdict sameAgain(const Subject& subject, const Target& target, const Round& round, const Conditions&) {
  if (!round.problem.empty()) return failed(round.problem);
  return sameAnswer(play(subject, target), round);
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

// A loaded machine may hold up one round, not two.
Verdict stopsSoon(const Subject& subject, const Target& target, const Round& round,
                  const Conditions& conditions) {
  const auto went_on_ns =
      round.cancelled_for_ns > kPatienceNs
          ? std::min(round.cancelled_for_ns, play(subject, target, conditions).cancelled_for_ns)
          : round.cancelled_for_ns;
  if (went_on_ns > kPatienceNs)
    return failed("it went on for " + std::to_string(went_on_ns / 1'000'000) + " ms after it was to stop");
  return statusIsKnown(round);
}

const char* typeOf(const Json& value) {
  return value.is_number_integer() ? "integer" : value.type_name();
}

bool allows(const Json& schema, const Json& value) {
  const auto type = schema.is_object() ? schema.find("type") : schema.end();
  if (!schema.is_object() || type == schema.end()) return true;
  const Json types = type->is_array() ? *type : Json::array({*type});
  return std::any_of(types.begin(), types.end(), [&](const Json& name) {
    return name == typeOf(value) || (name == "number" && value.is_number());
  });
}

// Objects that the schema does not allow, each for one reason.
std::vector<Json> forbiddenSettings(const Json& schema) {
  std::vector<Json> out;
  if (schema.empty()) return out;
  if (const Json others = schema.value("additionalProperties", Json(false)); others == Json(false))
    out.push_back({{"no_such_setting", 1}});
  const Json members = schema.value("properties", Json::object());
  for (const auto& [name, member] : members.items()) {
    for (const Json& value : {Json(true), Json(-1), Json("x"), Json::array({1, "a"}), Json::object()}) {
      if (!allows(member, value)) out.push_back({{name, value}});
    }
  }
  return out;
}

Verdict badSettings(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  Conditions conditions;
  conditions.only_configure = true;
  for (const char* text : {"", "{", "[]", "null", "\xff\xfe"}) {
    const auto known = statusIsKnown(play(*subject, {target.library, text}, conditions));
    if (known.outcome != Outcome::kPassed) return known;
  }
  for (const auto& settings : forbiddenSettings(subject->manifest.config_schema)) {
    const Round round = play(*subject, {target.library, dumpJson(settings)}, conditions);
    if (const auto known = statusIsKnown(round); known.outcome != Outcome::kPassed) return known;
    if (round.returned == RF_OK) return failed("configure took " + dumpJson(settings));
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
  return sameAnswer(one, two);
}

const std::vector<std::string> kNeedsRun = {"library.loads", "run.ordinary"};

std::vector<std::string> needsRunAnd(std::vector<std::string> more) {
  more.insert(more.end(), kNeedsRun.begin(), kNeedsRun.end());
  return more;
}

}  // namespace

void addServiceChecks(std::vector<Check>& into) {
  const auto add = [&](std::string name, std::string did, Fault fault, const char* service, const auto& judge,
                       std::vector<std::string> needs = {}) {
    Conditions conditions;
    conditions.fault = fault;
    conditions.faulty_service = service;
    if (fault == Fault::kHangs) conditions.cancel_after_ms = 100;
    const bool fails = fault == Fault::kFails;
    into.push_back({std::move(name), std::move(did),
                    fails ? "a status, a failed scope or a report; never a silent OK" : "an ordinary return",
                    6, under(conditions, judge), needsRunAnd(std::move(needs))});
  };
  for (const char* service : {"log", "clock", "progress", "state", "file", "exec"})
    add(std::string("services.") + service + "_missing", std::string("answer NULL for rf.") + service + "/1",
        Fault::kAbsent, service, survives);
  add("services.none", "answer NULL for every service", Fault::kAbsent, "", survives, {"services.*_missing"});
  add("services.file_fails", "let every rf.file/1 call fail", Fault::kFails, "file", noAllClear);
  add("services.exec_fails", "let every rf.exec/1 call fail", Fault::kFails, "exec", noAllClear);
  add("services.state_fails", "let every rf.state/1 call fail", Fault::kFails, "state", survives);
  add("services.clock_jumps", "let the clock jump between its ends", Fault::kFails, "clock", survives);
  add("services.hang", "let every service hang, and cancel", Fault::kHangs, "", stopsSoon, {"cancel.*"});
  add("services.flood", "let every service answer 10 MiB", Fault::kFloods, "", survives);
  add("services.not_text", "let every service answer bytes that are not UTF-8", Fault::kNotText, "",
      survives);
}

void addRunChecks(std::vector<Check>& into) {
  const auto add = [&](const char* name, const char* did, const char* expected, int rule,
                       const Conditions& conditions, const auto& judge, std::vector<std::string> needs) {
    into.push_back({name, did, expected, rule, under(conditions, judge), std::move(needs)});
  };
  add("run.ordinary", "call it as an agent would", "it returns a status", 6, {}, ordinary, {"library.loads"});
  add("run.rows", "check every row and scope", "rows as the table has them, scopes and records ended", 8, {},
      rowsAreValid, kNeedsRun);
  add("run.reports", "check the codes of its reports", "dotted lower case", 6, {}, reportsAreStable,
      kNeedsRun);
  add("run.twice", "call it twice", "the same rows, apart from what was measured", 7, {}, sameAgain,
      kNeedsRun);
  Conditions grown;
  grown.grown_by = 64;
  add("host.larger", "give it a host and a run with 64 bytes more", "the usual answer", 2, grown, sameAgain,
      needsRunAnd({"run.twice"}));
  Conditions conditions;
  conditions.cancelled = true;
  add("cancel.before", "cancel before the call", "it returns within 2 s", 9, conditions, stopsSoon,
      kNeedsRun);
  conditions = {};
  conditions.deadline_past = true;
  add("cancel.deadline_past", "call it after its deadline", "it returns within 2 s", 9, conditions, stopsSoon,
      needsRunAnd({"cancel.before"}));
  conditions = {};
  conditions.cancel_after_ms = 5;
  add("cancel.during", "cancel 5 ms after the call began", "it returns within 2 s", 9, conditions, stopsSoon,
      needsRunAnd({"cancel.*"}));
  conditions = {};
  conditions.max_records = 0;
  add("run.limit", "answer RF_LIMIT to every commit", "it stops committing and returns", 8, conditions,
      survives, kNeedsRun);
  into.push_back({"run.settings", "configure it with settings that its schema does not allow", "a refusal",
                  10, badSettings, kNeedsRun});
  into.push_back(
      {"run.requests", "send a command type batches that are none", "a status", 6, badRequests, kNeedsRun});
  into.push_back({"run.two_threads", "run two objects in two threads", "both give the same answer", 5,
                  twoThreads, needsRunAnd({"run.twice"})});
}

}  // namespace redflag::validator
