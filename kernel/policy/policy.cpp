#include "policy/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace redflag::kernel {
namespace {

bool isAbout(const PolicyRule& rule, const std::string& action) {
  return rule.action.empty() || globMatches(rule.action, action);
}

bool holdsNow(const PolicyRule& rule, const LocalMinute& now) {
  return rule.always || std::any_of(rule.when.begin(), rule.when.end(),
                                    [&now](const NamedWindow& w) { return w.window.contains(now); });
}

bool namesOperation(const PolicyRule& rule, const std::string& operation, bool is_deny) {
  if (rule.removals && operation == "remove") return true;
  if (rule.downgrades && operation == "downgrade") return true;
  if (rule.removals || rule.downgrades) return false;
  return is_deny || operation == "install" || operation == "upgrade";
}

bool namesStep(const PolicyRule& rule, const PolicyStep& step, bool is_deny) {
  if (!namesOperation(rule, step.operation, is_deny)) return false;
  if (!rule.category.empty() && rule.category != step.category) return false;
  return rule.packages.empty() ||
         std::any_of(rule.packages.begin(), rule.packages.end(),
                     [&step](const std::string& pattern) { return globMatches(pattern, step.name); });
}

// A rule that names packages, categories or operations says nothing about an action that has none of them.
bool isAboutSteps(const PolicyRule& rule) {
  return !rule.packages.empty() || !rule.category.empty() || rule.removals || rule.downgrades;
}

std::string describe(const PolicyStep& step) {
  return fmt::format("{} of {}", step.operation, step.name);
}

std::string describe(const std::vector<NamedWindow>& windows) {
  std::string out;
  for (const NamedWindow& w : windows)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", w.name, w.text);
  return out.empty() ? "no window" : out;
}

PolicyDecision denied(const PolicyRule& rule, const std::string& what) {
  return {false, rule.line,
          fmt::format("{} is denied by line {} of the policy{}{}", what, rule.line,
                      rule.reason.empty() ? "" : ": ", rule.reason)};
}

// `late` is a rule that would allow it at another time, or nullptr.
PolicyDecision notAllowed(const PolicyRule* late, const std::string& what, const LocalMinute& now) {
  if (late == nullptr) return {false, 0, fmt::format("no allow line of the policy matches {}", what)};
  return {false, late->line,
          fmt::format("line {} of the policy allows {} only in {}; now it is {}", late->line, what,
                      describe(late->when), toText(now))};
}

template <class Matches>
PolicyDecision findAllow(const Policy& policy, const std::string& what, const LocalMinute& now,
                         Matches matches) {
  const PolicyRule* late = nullptr;
  for (const PolicyRule& rule : policy.allow) {
    if (!matches(rule)) continue;
    if (holdsNow(rule, now))
      return {true, rule.line, fmt::format("line {} of the policy allows {}", rule.line, what)};
    if (late == nullptr) late = &rule;
  }
  return notAllowed(late, what, now);
}

PolicyDecision decideAction(const Policy& policy, const PolicyQuestion& question, const LocalMinute& now) {
  for (const PolicyRule& rule : policy.deny) {
    if (isAbout(rule, question.action) && !isAboutSteps(rule) && holdsNow(rule, now)) {
      return denied(rule, question.action);
    }
  }
  return findAllow(policy, question.action, now, [&](const PolicyRule& rule) {
    return isAbout(rule, question.action) && !rule.removals && !rule.downgrades;
  });
}

PolicyDecision decideAs(const Policy& policy, const PolicyQuestion& question, const LocalMinute& now) {
  if (question.steps.empty()) return decideAction(policy, question, now);
  for (const PolicyStep& step : question.steps) {
    for (const PolicyRule& rule : policy.deny) {
      if (isAbout(rule, question.action) && namesStep(rule, step, true) && holdsNow(rule, now)) {
        return denied(rule, describe(step));
      }
    }
  }
  PolicyDecision last;
  for (const PolicyStep& step : question.steps) {
    last = findAllow(policy, fmt::format("{} by {}", describe(step), question.action), now,
                     [&](const PolicyRule& rule) {
                       return isAbout(rule, question.action) && namesStep(rule, step, false);
                     });
    if (!last.allowed) return last;
  }
  return last;
}

}  // namespace

PolicyDecision decide(const Policy& policy, const PolicyQuestion& question, const LocalMinute& now) {
  auto own = decideAs(policy, question, now);
  constexpr std::string_view kDownload = "/download";
  const bool downloads = std::string_view(question.action).ends_with(kDownload);
  // A line that speaks of the download counts, also one that allows it at another time only.
  if (!downloads || own.allowed || own.line != 0) return own;
  const std::string plugin = question.action.substr(0, question.action.size() - kDownload.size());
  return decideAs(policy, {plugin + "/install", question.steps}, now);
}

bool globMatches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last '*' seen, and where its text began
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace redflag::kernel
