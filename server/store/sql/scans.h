#pragma once
#include "store/scans.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlScans : public Scans {
 public:
  explicit SqlScans(Connection& connection) : db_(connection) {}

  bool takeItem(const AgentKey& agent, const std::string& item_id, std::int64_t now) override;
  bool knowsItem(const AgentKey& agent, const std::string& item_id) const override;
  std::int64_t keepPart(const AgentKey& agent, const ItemPart& part, std::int64_t now) override;
  std::size_t bytesOfParts(const AgentKey& agent) const override;
  std::string textOfParts(const AgentKey& agent, const std::string& item_id) const override;
  void dropParts(const AgentKey& agent) override;
  void add(const AgentKey& agent, const Scan& scan) override;
  std::vector<Scan> newest(const AgentKey& agent) const override;
  std::optional<Scan> find(const AgentKey& agent, const std::string& scan_id) const override;
  Page<Scan> list(const AgentKey& agent, const PageRequest& page) const override;
  std::vector<ScopePicture> pictures(const AgentKey& agent, const std::string& plugin,
                                     const std::string& purpose_class) const override;
  void setPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                  const ScopePicture& picture) override;
  void dropPicture(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                   const std::string& scope) override;
  std::string textDigest(const AgentKey& agent, const std::string& plugin,
                         const std::string& purpose_class) const override;
  void setTextDigest(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                     const std::string& digest) override;
  void setFact(const AgentKey& agent, const FactSource& source, const Fact& fact, std::int64_t at) override;
  std::vector<std::pair<std::string, std::string>> factsOf(const AgentKey& agent, const std::string& plugin,
                                                           const std::string& purpose_class) const override;
  void dropFact(const AgentKey& agent, const std::string& name) override;
  std::vector<Fact> facts(const AgentKey& agent) const override;
  void trim(const AgentKey& agent, std::int64_t keep) override;
  void trimRecords(const AgentKey& agent, std::int64_t keep) override;
  std::vector<std::string> trimPlugins(const AgentKey& agent, std::size_t keep) override;
  void setRecords(const AgentKey& agent, const std::string& plugin, const std::string& purpose_class,
                  const std::string& scope, bool complete, const std::vector<StoredRecord>& records,
                  std::int64_t at, const std::string& kept_kind) override;
  Page<ShownRecord> records(const AgentKey& agent, const RecordFilter& filter,
                            const PageRequest& page) const override;
  std::vector<RecordKindCount> recordKinds(const AgentKey& agent) const override;
  bool prune(std::int64_t before, std::int64_t items_before, int limit) override;
  bool pruneParts(std::int64_t before, int limit) override;

 private:
  Connection& db_;
};

}  // namespace redflag::store::sql
