#include <algorithm>

#include "protocol/limits.h"
#include "services/item_reading.h"
#include "services/upload_items.h"
#include "services/uploads.h"
#include "store/scans.h"

namespace redflag::services {
namespace {

constexpr std::string_view kBefore = R"({"items":[)";
constexpr std::string_view kBehind = "]}";
constexpr std::size_t kMostBytes = protocol::kMaxItemBytes - kBefore.size() - kBehind.size();

store::ItemPart readPart(const Json& item) {
  JsonReader in(item, "part");
  in.text("kind", 16);
  store::ItemPart part;
  part.item_id = in.text("id", 26);
  part.parts = in.integer("parts", 1, protocol::kMaxParts);
  part.part = in.integer("part", 0, std::max<std::int64_t>(part.parts - 1, 0));
  part.text = in.text("text", protocol::kMaxPartBytes);
  // JSON on one line has none, and one of the stores takes none.
  if (std::any_of(part.text.begin(), part.text.end(), [](unsigned char c) { return c < 0x20; }))
    in.refuse("text", "a piece of JSON without control characters");
  finishItem(in);
  return part;
}

UploadAnswer rejectedAs(const std::string& id, const http::Problem& problem) {
  UploadAnswer answer;
  answer.rejected.push_back({id, problem.code, problem.detail});
  return answer;
}

}  // namespace

UploadAnswer Uploads::takePart(const store::AgentKey& agent, const Json& item) {
  const auto& id = item["id"].get_ref<const std::string&>();
  try {
    const store::ItemPart part = readPart(item);
    UploadAnswer answer;
    bool too_large = false;
    const std::int64_t here =
        context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) -> std::int64_t {
          tx.agents().touch(agent, context_.now());
          if (tx.scans().knowsItem(agent, id)) return -1;
          const std::int64_t kept = tx.scans().keepPart(agent, part, context_.now());
          too_large = tx.scans().bytesOfParts(agent) > kMostBytes;
          if (too_large) tx.scans().dropParts(agent);
          return kept;
        });
    if (too_large)
      throw http::Problem{400, "part.too_large", "the parts together are longer than an item may be"};
    if (here < 0) answer.acknowledged.push_back(id);
    if (here >= 0 && here < part.parts) answer.part = UploadAnswer::Part{id, here};
    if (here < part.parts) return answer;
    answer = takeWhole(agent, id);
    context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) { tx.scans().dropParts(agent); });
    return answer;
  } catch (const http::Problem& problem) {
    if (problem.status >= 500) throw;
    return rejectedAs(id, problem);
  }
}

UploadAnswer Uploads::takeWhole(const store::AgentKey& agent, const std::string& item_id) {
  std::string body(kBefore);
  context_.store.read(
      [&](const store::ReadTransaction& tx) { body += tx.scans().textOfParts(agent, item_id); });
  body += kBehind;
  try {
    const UploadText text = cutRecords(body, kCutBytes);
    const Json json = parseUpload(text.skeleton);
    const Json& items = json["items"];
    if (items.size() != 1 || items[0]["id"] != item_id || kindOf(items[0]) == kPartKind)
      throw http::Problem{400, "part.other_item", "the parts together are not the item they name"};
    return takeItems(agent, text, items);
  } catch (const http::Problem& problem) {
    if (problem.status >= 500) throw;
    return rejectedAs(item_id, problem);
  }
}

}  // namespace redflag::services
