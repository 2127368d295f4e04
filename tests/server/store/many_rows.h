#pragma once
// Two machines in a store that counts the statements it is asked, on the engine at hand.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "store/agents.h"
#include "store/commands.h"
#include "store/events.h"
#include "store/updates.h"
#include "support/counting_store.h"
#include "support/database.h"

namespace redflag::testing {

using store::AgentKey;

class ManyRows : public ::testing::Test {
 protected:
  ManyRows() : created_(database_.open()), store_(database_.connect()) {
    if (!initCrypto()) throw std::runtime_error("no crypto");
    store_.write([&](store::WriteTransaction& tx) {
      tx.agents().addClient({"client", "Client", {{"site", "Site"}, {"other", "Other"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, 1, "ada", 1000, false}, "hash");
      for (const char* host : {"alpha", "beta"})
        agents_.push_back(
            tx.agents()
                .enrol({sha256(host), host, "act", "1", "linux-x86_64", "Debian", "12"}, "hash", 10)
                .agent);
    });
  }

  template <class F>
  auto read(F&& work) {
    return store_.read(std::forward<F>(work));
  }
  static store::HistoryEntry entry(std::size_t number) {
    store::HistoryEntry out;
    out.at = static_cast<std::int64_t>(number);
    out.subsystem = "update";
    out.actor = "ada";
    out.kind = "update.approved";
    out.text = std::to_string(number);
    return out;
  }
  std::vector<store::HistoryEntry> historyOf(const AgentKey& agent) {
    return read([&](const store::ReadTransaction& tx) {
      return tx.events().history(agent.client_id, agent.agent_id, {1'000, ""}).items;
    });
  }
  std::vector<std::string> addUpdates(const AgentKey& agent, std::size_t count) {
    return store_.write([&](store::WriteTransaction& tx) {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < count; ++i) {
        store::UpdateRecord record;
        record.manager = "apt";
        record.key = record.name = "package-" + std::to_string(i);
        record.candidate_version = "2";
        ids.push_back(tx.updates().add(agent, "apt", "main", record, "digest", 1));
      }
      return ids;
    });
  }
  std::map<std::string, store::KnownUpdate> updatesOf(const AgentKey& agent) {
    std::map<std::string, store::KnownUpdate> out;
    read([&](const store::ReadTransaction& tx) {
      for (auto& update : tx.updates().known(agent, "apt"))
        out[update.id] = std::move(update);
    });
    return out;
  }
  store::Command command(const AgentKey& agent, const std::string& key) const {
    store::Command out;
    out.id = newId();
    out.dedup_key = key;
    out.client_id = agent.client_id;
    out.agent_id = agent.agent_id;
    out.type = "scan";
    out.actor = "ada";
    out.created_at = 5;
    out.expires_at = 100;
    return out;
  }

  TestDatabase database_;
  const std::unique_ptr<store::Store> created_;
  CountingStore store_;
  std::vector<AgentKey> agents_;
};

}  // namespace redflag::testing
