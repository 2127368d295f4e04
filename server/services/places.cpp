#include "services/places.h"

#include <algorithm>

#include "base/encoding.h"
#include "calendar/zone.h"
#include "http/message.h"
#include "services/ignores.h"
#include "services/schedule_reach.h"
#include "store/events.h"
#include "store/profiles.h"

namespace redflag::services {
namespace {

using store::ReadTransaction;
using store::WriteTransaction;

struct FoundSite {
  std::string client_id;
  store::Place site;
};

store::Client clientFor(const ReadTransaction& tx, const std::string& client_id,
                        const http::Visible& visible) {
  for (auto& client : tx.agents().clients(visible)) {
    if (client.id == client_id) return std::move(client);
  }
  throw http::Problem{404, "client.not_found", "there is no such client"};
}

FoundSite siteFor(const ReadTransaction& tx, const std::string& site_id, const http::Visible& visible) {
  for (auto& client : tx.agents().clients(visible)) {
    for (auto& site : client.sites) {
      if (site.id == site_id) return {client.id, std::move(site)};
    }
  }
  throw http::Problem{404, "site.not_found", "there is no such site"};
}

void requireAdmin(const Actor& actor, const std::string& client_id, const std::string& site_id) {
  if (http::atLeast(actor.grants.roleOver(client_id, site_id), "admin")) return;
  throw http::Problem{403, "role.insufficient", "this asks for the role admin there"};
}

template <class T>
void requireFree(const std::vector<T>& all, const std::string& name, const std::string& but_id) {
  const bool taken =
      std::any_of(all.begin(), all.end(), [&](const T& one) { return one.name == name && one.id != but_id; });
  if (taken) throw http::Problem{409, "place.name_taken", "there is one of this name already", "/name"};
}

void requireEmpty(const store::PlaceContents& in, const std::string& code) {
  std::string what;
  const auto add = [&](std::int64_t count, const char* one, const char* many) {
    if (count == 0) return;
    what += (what.empty() ? "" : ", ") + std::to_string(count) + " " + (count == 1 ? one : many);
  };
  add(in.sites, "site", "sites");
  add(in.agents, "machine", "machines");
  add(in.tokens, "enrolment token that is still good", "enrolment tokens that are still good");
  add(in.grants, "grant to somebody", "grants to somebody");
  add(in.schedules, "schedule", "schedules");
  if (!what.empty()) throw http::Problem{409, code, "it is not empty: " + what};
}

void tell(const Context& context, WriteTransaction& tx, const std::string& client_id, const Actor& actor,
          const std::string& kind, const std::string& text) {
  store::HistoryEntry entry;
  entry.at = context.now();
  entry.subsystem = "people";
  entry.actor = actor.name;
  entry.kind = kind;
  entry.text = text;
  tx.events().record(client_id, "", entry);
  tx.events().publish(client_id, "people", Json::object(), entry.at);
}

}  // namespace

std::vector<store::Client> Places::list(const Actor& actor) const {
  return context_.store.read(
      [&](const ReadTransaction& tx) { return tx.agents().clients(actor.grants.visible()); });
}

store::Client Places::addClient(const std::string& name, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    requireFree(tx.agents().clients(http::Visible::everything()), name, "");
    const store::Client client{newId(), name, {}};
    tx.agents().addClient(client, context_.now());
    tell(context_, tx, client.id, actor, "client.added", "added the client " + name);
    return client;
  });
}

store::Client Places::renameClient(const std::string& client_id, const std::string& name,
                                   const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    store::Client client = clientFor(tx, client_id, http::Visible::everything());
    requireFree(tx.agents().clients(http::Visible::everything()), name, client_id);
    tx.agents().renameClient(client_id, name);
    orders_.lookAtWindowsAgain(tx, client_id);
    tell(context_, tx, client_id, actor, "client.renamed", client.name + " is now " + name);
    client.name = name;
    return client;
  });
}

void Places::removeClient(const std::string& client_id, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const auto client = clientFor(tx, client_id, http::Visible::everything());
    requireEmpty(tx.agents().contents(client_id, "", context_.now()), "client.not_empty");
    tx.agents().removeClient(client_id);
    tell(context_, tx, client_id, actor, "client.removed", "removed the client " + client.name);
  });
}

store::Place Places::addSite(const std::string& client_id, const std::string& name, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    const auto client = clientFor(tx, client_id, actor.grants.visible());
    requireAdmin(actor, client_id, "");
    requireFree(client.sites, name, "");
    const store::Place site{newId(), name};
    tx.agents().addSite(client_id, site, context_.now());
    lookAgain(tx);
    tell(context_, tx, client_id, actor, "site.added", "added the site " + name);
    return site;
  });
}

store::Place Places::renameSite(const std::string& site_id, const std::string& name, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    auto [client_id, site] = siteFor(tx, site_id, actor.grants.visible());
    requireAdmin(actor, client_id, "");
    requireFree(clientFor(tx, client_id, actor.grants.visible()).sites, name, site_id);
    tx.agents().renameSite(site_id, name);
    orders_.lookAtWindowsAgain(tx, client_id);
    tell(context_, tx, client_id, actor, "site.renamed", site.name + " is now " + name);
    site.name = name;
    return site;
  });
}

store::Place Places::setTimeZone(const std::string& site_id, const std::string& time_zone,
                                 const Actor& actor) {
  if (const auto zone = calendar::Zone::find(time_zone); !zone)
    throw http::Problem{422, "time_zone.unknown", zone.error().text, "/time_zone"};
  return context_.store.write([&](WriteTransaction& tx) {
    auto [client_id, site] = siteFor(tx, site_id, actor.grants.visible());
    requireAdmin(actor, client_id, "");
    tx.agents().setTimeZone(site_id, time_zone);
    lookAgain(tx);
    orders_.lookAtWindowsAgain(tx, client_id);
    tell(context_, tx, client_id, actor, "site.time_zone_set",
         site.name + " goes by the clocks of " + time_zone + " instead of " + site.time_zone);
    site.time_zone = time_zone;
    return site;
  });
}

void Places::removeSite(const std::string& site_id, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const auto [client_id, site] = siteFor(tx, site_id, actor.grants.visible());
    requireAdmin(actor, client_id, "");
    requireEmpty(tx.agents().contents(client_id, site_id, context_.now()), "site.not_empty");
    tx.agents().removeSite(client_id, site_id);
    tell(context_, tx, client_id, actor, "site.removed", "removed the site " + site.name);
  });
}

store::Agent Places::move(const std::string& agent_id, const std::string& site_id, const Actor& actor) {
  const http::Visible visible = actor.grants.visible();
  return context_.store.write([&](WriteTransaction& tx) {
    const auto agent = tx.agents().find(agent_id, visible, context_.contact());
    if (!agent) throw http::Problem{404, "agent.not_found", "there is no such agent"};
    const auto [client_id, site] = siteFor(tx, site_id, visible);
    requireAdmin(actor, agent->client.id, agent->site.id);
    requireAdmin(actor, client_id, site_id);
    if (client_id != agent->client.id) {
      throw http::Problem{409, "site.other_client",
                          "a machine stays with its client: enrol it anew at another one", "/site_id"};
    }
    if (site_id != agent->site.id) {
      const std::int64_t now = context_.now();
      tx.agents().move({agent->id, client_id, agent->site.id, {}}, site_id);
      lookAgain(tx);
      orders_.lookAtWindowsAgain(tx, client_id);
      tx.profiles().lookAgain({client_id, "", agent->id});
      applyIgnoreRules(tx, {agent->id, client_id, site_id, {}}, now);
      store::HistoryEntry entry;
      entry.at = now;
      entry.subsystem = "agent";
      entry.actor = actor.name;
      entry.kind = "agent.moved";
      entry.text = "moved from " + agent->site.name + " to " + site.name;
      tx.events().record(client_id, agent->id, entry);
      tx.events().publish(client_id, "agent", {{"agent_id", agent->id}}, now);
    }
    return tx.agents().find(agent_id, visible, context_.contact()).value();
  });
}

}  // namespace redflag::services
