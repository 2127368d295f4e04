#include "host/operation.h"

#include <cstring>

#include "base/json.h"
#include "host/guard.h"
#include "host/text.h"
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/updater.h"
#include "redflag/scanner.h"

namespace redflag::host {
namespace {

constexpr std::size_t kResultFrameBytes = 4U << 20;
constexpr const char* kTooLong = "the plugin wrote a result of more than 48 MiB";
static_assert(kMaxResultBytes == 48U << 20);

using ScanCall = rf_status (*)(rf_plugin*, const rf_run*);
using UpdateCall = rf_status (*)(rf_plugin*, const rf_run*, rf_str, rf_sink);
using BatchCall = rf_status (*)(rf_plugin*, rf_str, rf_sink);
using DescribeCall = rf_status (*)(rf_plugin*, rf_sink);

enum class Shape { kScan, kUpdate, kBatch, kDescribe };

struct Operation {
  const char* interface_id;
  const char* name;
  Shape shape;
  std::size_t offset;  // of the function in the interface's table
};

constexpr Operation kOperations[] = {
    {RF_SCANNER_1, "probe", Shape::kScan, offsetof(rf_scanner_1, probe)},
    {RF_SCANNER_1, "scan", Shape::kScan, offsetof(rf_scanner_1, scan)},
    {RF_UPDATER_1, "plan", Shape::kUpdate, offsetof(rf_updater_1, plan)},
    {RF_UPDATER_1, "download", Shape::kUpdate, offsetof(rf_updater_1, download)},
    {RF_UPDATER_1, "install", Shape::kUpdate, offsetof(rf_updater_1, install)},
    {RF_UPDATER_1, "verify", Shape::kUpdate, offsetof(rf_updater_1, verify)},
    {RF_UPDATER_1, "rollback", Shape::kUpdate, offsetof(rf_updater_1, rollback)},
    {RF_UPDATER_1, "repair", Shape::kUpdate, offsetof(rf_updater_1, repair)},
    {RF_ACTIONS_1, "list", Shape::kDescribe, offsetof(rf_actions_1, list)},
    {RF_ACTIONS_1, "run", Shape::kUpdate, offsetof(rf_actions_1, run)},
    {RF_COMMAND_TYPE_1, "describe", Shape::kDescribe, offsetof(rf_command_type_1, describe)},
    {RF_COMMAND_TYPE_1, "validate", Shape::kBatch, offsetof(rf_command_type_1, validate)},
    {RF_COMMAND_TYPE_1, "plan", Shape::kBatch, offsetof(rf_command_type_1, plan)},
    {RF_COMMAND_TYPE_1, "on_result", Shape::kBatch, offsetof(rf_command_type_1, on_result)},
};

const Operation* findOperation(const Start& start) {
  for (const auto& operation : kOperations) {
    if (start.interface_id == operation.interface_id && start.operation == operation.name) return &operation;
  }
  return nullptr;
}

// All interface tables are a size and then function pointers, which are read where the table says it has
// them.
using AnyCall = void (*)();
Result<AnyCall> functionOf(const void* table, const Operation& operation) {
  std::uint64_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  AnyCall call = nullptr;
  if (size >= operation.offset + sizeof(call)) {
    std::memcpy(&call, static_cast<const char*>(table) + operation.offset, sizeof(call));
  }
  if (call == nullptr) {
    return fail(Code::kInvalid,
                std::string("the table of ") + operation.interface_id + " has no " + operation.name);
  }
  return call;
}

struct Collected {
  std::string bytes;
  bool too_long = false;
  // What has changed the machine must not end as a failure because too much was said about it.
  bool never_fails = false;

  static rf_status write(void* data, rf_str piece) {
    return guard([&]() -> rf_status {
      auto& self = *static_cast<Collected*>(data);
      self.too_long = self.too_long || self.bytes.size() + piece.size > kMaxResultBytes;
      if (self.too_long) return self.never_fails ? RF_OK : RF_LIMIT;
      self.bytes.append(viewOf(piece));
      return RF_OK;
    });
  }
  rf_sink sink() { return {this, &write}; }
};

// Planning, downloading and verifying can be done again.
bool hasConsequences(const Start& start) {
  return changesTheMachine(start) && start.operation != "plan" && start.operation != "download" &&
         start.operation != "verify";
}

void sendResult(Channel& channel, std::string_view bytes) {
  for (; bytes.size() > kResultFrameBytes; bytes.remove_prefix(kResultFrameBytes))
    channel.send(FrameType::kResultPart, bytes.substr(0, kResultFrameBytes));
  if (!bytes.empty()) channel.send(FrameType::kResult, bytes);
}

}  // namespace

bool changesTheMachine(const Start& start) {
  return start.interface_id == RF_UPDATER_1 ||
         (start.interface_id == RF_ACTIONS_1 && start.operation == "run");
}

bool scans(const Start& start) {
  return start.interface_id == RF_SCANNER_1 && start.operation == "scan";
}

Result<rf_status> perform(rf_plugin* plugin, const rf_run* run, const Start& start, Channel& channel) {
  const Operation* operation = findOperation(start);
  if (operation == nullptr) {
    return fail(Code::kUnsupported, "there is no operation " + start.interface_id + " " + start.operation);
  }
  const void* table = plugin->query(plugin, rfStr(start.interface_id));
  if (table == nullptr) return fail(Code::kUnsupported, "the plugin does not offer " + start.interface_id);
  auto call = functionOf(table, *operation);
  if (!call) return tl::unexpected<Error>(call.error());

  Collected result;
  result.never_fails = hasConsequences(start);
  rf_status status = RF_INTERNAL;
  switch (operation->shape) {
    case Shape::kScan:
      return reinterpret_cast<ScanCall>(*call)(plugin, run);
    case Shape::kUpdate:
      status = reinterpret_cast<UpdateCall>(*call)(plugin, run, rfStr(start.request), result.sink());
      break;
    case Shape::kBatch:
      status = reinterpret_cast<BatchCall>(*call)(plugin, rfStr(start.request), result.sink());
      break;
    case Shape::kDescribe:
      status = reinterpret_cast<DescribeCall>(*call)(plugin, result.sink());
      break;
  }
  if (!result.too_long) {
    sendResult(channel, result.bytes);
    return status;
  }
  if (!result.never_fails) return fail(Code::kLimit, kTooLong);
  // Of an operation that failed its own report is the one that counts.
  if (status == RF_OK) {
    channel.send(FrameType::kReport,
                 dumpJson({{"status", statusName(RF_LIMIT)}, {"code", kResultTooLong}, {"text", kTooLong}}));
  }
  return status;
}

}  // namespace redflag::host
