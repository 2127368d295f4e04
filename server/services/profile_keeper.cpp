#include "services/profile_keeper.h"

#include <map>

#include "base/encoding.h"
#include "base/log.h"
#include "http/message.h"
#include "services/profiles.h"
#include "services/second_person.h"
#include "settings/desired.h"

namespace redflag::services {
namespace {

constexpr std::size_t kAgentsARound = 200;
constexpr std::int64_t kLaterNs = 15 * kSecondNs;
constexpr std::int64_t kUnreadableNs = 600 * kSecondNs;  // sooner when the profile is changed or removed

std::string shortHash(const std::string& text) {
  return toHex(sha256(text)).substr(0, 32);
}

// Who answers for the order: what one person may not order alone, no profile of theirs does.
Actor actorFor(const SettingsPatch& patch, const std::string& author_id) {
  Actor actor{patch.profile.empty() ? "profiles" : "profile " + patch.profile,
              http::Grants::everywhere("admin"), true};
  actor.author_id = author_id;
  return actor;
}

// What nobody can read is no wish to take a value back: its agents stay as they are, and keep no other from
// its turn.
SettingsStep leftAlone(const store::SettingsWork& before, const LoadedProfile& unreadable, std::int64_t now) {
  SettingsStep step;
  step.work = before;
  step.work.look_at = now + kUnreadableNs;
  step.work.note = "the profile " + unreadable.profile.name + ": " + unreadable.problem;
  return step;
}

}  // namespace

std::vector<ProfileKeeper::Step> ProfileKeeper::steps() const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    std::map<std::string, std::vector<LoadedProfile>> by_client;
    std::vector<Step> out;
    for (auto& row : tx.profiles().due(context_.contact(), kAgentsARound)) {
      const std::string& client_id = row.agent.client_id;
      if (!by_client.contains(client_id)) by_client[client_id] = loadProfiles(tx.profiles().at(client_id));
      Step one;
      if (const auto* unreadable = unreadableAt(by_client[client_id], placeOf(row))) {
        one.step = leftAlone(row.work, *unreadable, context_.now());
        one.row = std::move(row);
        out.push_back(std::move(one));
        continue;
      }
      const auto wished = wishedAt(by_client[client_id], placeOf(row));
      one.patch = patchFor(wished, ToldSettings(row.report), readPointers(row.work.managed));
      const Json settings = settings::nested(one.patch.settings);
      if (!row.work.command_id.empty())
        one.before = tx.commands().find(row.work.command_id, http::Visible::everything());
      one.step = nextStep(row.work, settings.empty() ? "" : shortHash(dumpJson(settings)),
                          shortHash(row.report), one.before, context_.now());
      one.row = std::move(row);
      if (one.step.order || settings.empty()) one.step.work.managed = writePointers(one.patch.managed);
      if (one.step.order && !one.patch.author_id.empty()) one.step.work.author_id = one.patch.author_id;
      out.push_back(std::move(one));
    }
    return out;
  });
}

bool ProfileKeeper::withdraw(store::WriteTransaction& tx, const Step& one) const {
  return orders_.step(tx, *one.before, store::CommandEvent::kCancelled, "server",
                      {"command.superseded", "what is wished has changed"});
}

void ProfileKeeper::keepAll(const std::vector<Step>& steps) {
  if (steps.empty()) return;
  context_.store.write([&](store::WriteTransaction& tx) {
    for (const Step& one : steps)
      if (tx.profiles().setWork(one.row, one.step.work) && one.step.withdraw) withdraw(tx, one);
  });
}

void ProfileKeeper::orderAll(std::vector<Step> steps) {
  if (steps.empty()) return;
  const Actor actor = actorFor(steps.front().patch, steps.front().step.work.author_id);
  std::vector<Order> wanted;
  for (const Step& one : steps)
    wanted.push_back({kConfigureType,
                      {{"settings", settings::nested(one.patch.settings)}},
                      one.row.agent.agent_id,
                      actor.name});
  const auto type = context_.types.find(kConfigureType);
  const auto prepared = orders_.prepare(wanted, actor);
  context_.store.write([&](store::WriteTransaction& tx) {
    auto bound = prepared;
    bindToAuthor(tx, bound, newId(), type ? type->risk : "high", actor, context_.now());
    for (std::size_t i = 0; i < bound.size(); ++i) {
      store::AgentSettings row = steps[i].row;
      store::SettingsWork work = steps[i].step.work;
      work.command_id = bound[i].command.id;
      if (!bound[i].refused.code.empty()) {
        work.look_at = store::SettingsWork::kNever;
        work.managed = row.work.managed;
        work.command_id.clear();
        work.given_up = true;
        work.note = bound[i].refused.text;
      }
      if (!tx.profiles().setWork(row, work) || work.given_up) continue;
      if (steps[i].step.withdraw && !withdraw(tx, steps[i])) {
        // It is in the agent's hands by now: first what becomes of that.
        store::SettingsWork waiting = row.work;
        waiting.look_at = context_.now() + kLaterNs;
        ++row.turn;
        tx.profiles().setWork(row, waiting);
        continue;
      }
      const std::string id = orders_.place(tx, bound[i]);
      if (id == work.command_id) continue;
      work.command_id = id;  // the same was ordered already
      ++row.turn;
      tx.profiles().setWork(row, work);
    }
  });
}

void ProfileKeeper::sweep() {
  std::vector<Step> quiet;
  std::map<std::pair<std::string, std::string>, std::vector<Step>> orders;  // by who answers, and for what
  for (Step& one : steps()) {
    auto& into = one.step.order ? orders[{one.step.work.author_id, one.patch.profile}] : quiet;
    into.push_back(std::move(one));
  }
  keepAll(quiet);
  for (auto& [key, group] : orders) {
    try {
      orderAll(std::move(group));
    } catch (const http::Problem& problem) {
      spdlog::warn("profiles: {}: {}", problem.code, problem.detail);
    }
  }
}

}  // namespace redflag::services
