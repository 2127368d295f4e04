#pragma once
// What agents send: batches of items, each taken once, all that are good in one commit.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "services/context.h"
#include "services/scan_intake.h"
#include "services/upload_text.h"

namespace redflag::services {

struct RejectedItem {
  std::string id;
  std::string code;
  std::string text;
};

struct UploadAnswer {
  std::vector<std::string> acknowledged;
  std::vector<RejectedItem> rejected;
  struct Part {
    std::string id;
    std::int64_t next = 0;
  };
  std::optional<Part> part;  // of an item that is not whole yet
  bool settle = false;       // something came that Settlement has to look at
};

class Uploads {
 public:
  explicit Uploads(const Context& context);

  // `body`: {"items":[…]} as text. An item that was taken before is acknowledged and changes nothing; a bad
  // one is rejected by name and leaves no trace, the others go on. http::Problem 400 when the whole is not
  // readable, 503 when the store cannot keep it, or agent.held while a person has to look at the agent first:
  // then nothing was taken, and the agent sends it again. An item that comes in parts is taken when the last
  // one is here.
  UploadAnswer take(const store::AgentKey& agent, const std::string& body);

 private:
  void requireAccepted(const store::AgentKey& agent) const;
  UploadAnswer takeItems(const store::AgentKey& agent, const UploadText& text, const Json& items);
  UploadAnswer takePart(const store::AgentKey& agent, const Json& item);
  UploadAnswer takeWhole(const store::AgentKey& agent, const std::string& item_id);
  void takeItem(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item,
                std::string_view cut_records) const;
  void takeStatus(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeBreaker(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeCommandState(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeCommandLog(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeMetrics(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeErrors(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;
  void takeRefusal(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const;

  void countAll(const Json& items, const std::vector<bool>& fresh, const UploadAnswer& answer) const;
  void count(const Json& item, const char* outcome) const;
  void timeScan(const Json& item) const;

  const Context& context_;
  ScanIntake scans_;
  metrics::Counter* items_ = nullptr;
  metrics::Histogram* durations_ = nullptr;  // of scans, as agents tell them
};

}  // namespace redflag::services
