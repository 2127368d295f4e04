// What can be seen without calling into a plugin object.

#include <algorithm>
#include <cstring>
#include <regex>

#include "base/pattern_guard.h"
#include "host/actions.h"
#include "host/capabilities.h"
#include "protocol/record_kinds.h"
#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/updater.h"
#include "redflag/scanner.h"
#include "validator/check.h"
#include "validator/round.h"

namespace redflag::validator {
namespace {

constexpr const char* kEntryPoint = "rf_plugin_library_v1";

Verdict oneSymbol(const Target& target) {
  const auto names = exportedSymbols(target.library);
  if (!names) return failed(names.error().text);
  std::string others;
  for (const auto& name : *names) {
    if (name != kEntryPoint) others += (others.empty() ? "" : ", ") + name;
  }
  if (!others.empty()) return failed("it exports also: " + others.substr(0, 500) + "; link with plugin.map");
  return names->size() == 1 ? Verdict{} : failed(std::string("it does not export ") + kEntryPoint);
}

Verdict loads(const Target& target) {
  const auto subject = loadSubject(target);
  return subject ? Verdict{} : failed(subject.error().text);
}

Verdict manifestMatches(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  const auto manifest = host::loadManifest(target.library.parent_path(), target.library.stem().string());
  if (!manifest) return failed(manifest.error().text);
  const auto member = host::firstDifference(*manifest, subject->manifest);
  return member.empty()
             ? Verdict{}
             : failed("\"" + member + "\" differs; write the manifest anew with redflag-host --manifest");
}

// The part of JSON Schema that can be wrong in a way a reader of settings would stumble over.
std::string schemaFault(const Json& schema, const std::string& place) {
  static constexpr std::string_view kTypes[] = {"object", "array",   "string", "integer",
                                                "number", "boolean", "null"};
  if (schema.is_boolean()) return {};
  if (!schema.is_object()) return place + ": expected a schema";
  if (const auto type = schema.find("type"); type != schema.end()) {
    const Json types = type->is_array() ? *type : Json::array({*type});
    for (const auto& name : types) {
      if (!name.is_string() ||
          std::find(std::begin(kTypes), std::end(kTypes), name.get<std::string>()) == std::end(kTypes))
        return place + "/type: there is no type " + dumpJson(name);
    }
  }
  if (const auto required = schema.find("required"); required != schema.end() && !required->is_array())
    return place + "/required: expected a list of names";
  if (const auto choices = schema.find("enum");
      choices != schema.end() && (!choices->is_array() || choices->empty()))
    return place + "/enum: expected a list of values";
  if (const auto pattern = schema.find("pattern"); pattern != schema.end()) {
    try {
      if (!pattern->is_string()) return place + "/pattern: expected a text";
      const std::regex compiled(pattern->get<std::string>());
    } catch (const std::regex_error& e) {
      return place + "/pattern: " + e.what();
    }
  }
  if (const auto items = schema.find("items"); items != schema.end()) {
    if (auto fault = schemaFault(*items, place + "/items"); !fault.empty()) return fault;
  }
  const auto members = schema.find("properties");
  if (members == schema.end()) return {};
  if (!members->is_object()) return place + "/properties: expected an object";
  const std::string below = place + "/properties/";
  for (const auto& [name, value] : members->items()) {
    std::string member = below;
    member += name;
    if (auto fault = schemaFault(value, member); !fault.empty()) return fault;
  }
  return {};
}

Verdict schemaIsValid(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  const Json& schema = subject->manifest.config_schema;
  if (schema.empty()) return skipped("the plugin has no settings");
  if (schema.value("type", Json()) != Json("object")) return failed("/type: settings are an \"object\"");
  if (const auto fault = unusable(schema)) return failed(*fault);
  const auto fault = schemaFault(schema, "");
  return fault.empty() ? Verdict{} : failed(fault);
}

Verdict idsAreWellFormed(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  static const std::regex kInterface("[a-z0-9.-]+/[1-9][0-9]*");
  static const std::regex kVersion(R"(\d+\.\d+\.\d+([-+~][0-9A-Za-z.+~-]+)?)");
  for (const auto& id : subject->manifest.interfaces) {
    if (!std::regex_match(id, kInterface)) return failed("interface \"" + id + "\": expected NAME/REVISION");
  }
  for (const auto& kind : subject->manifest.record_kinds) {
    if (protocol::findRecordKind(kind) == nullptr && !protocol::isForeignKind(kind))
      return failed("record kind \"" + kind +
                    "\": expected one of the table, or a reverse DNS name and revision");
  }
  for (const auto& wish : subject->manifest.capabilities) {
    if (!host::isCapability(wish.spec)) return failed("capability \"" + wish.spec + "\" is none");
  }
  if (!std::regex_match(subject->manifest.version, kVersion))
    return failed("version \"" + subject->manifest.version + "\" is no semantic version");
  return {};
}

Verdict actionsAreListed(const Target& target) {
  auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  if (!subject->manifest.offers(RF_ACTIONS_1)) return skipped("it offers no actions");
  subject->interface_id = RF_ACTIONS_1;
  subject->operation = "list";
  const Round round = play(*subject, target);
  if (!round.problem.empty()) return failed(round.problem);
  if (round.returned != RF_OK || round.answer.size() != 1) return failed("list() wrote no document");
  const auto document = parseJson(round.answer.front());
  if (!document) return failed("list(): " + document.error().text);
  const auto actions = host::readActions(*document);
  if (!actions) return failed(actions.error().text);
  for (const auto& action : *actions) {
    if (action.parameters_schema.value("type", Json()) != Json("object"))
      return failed(action.name + "/parameters_schema/type: parameters are an \"object\"");
    if (const auto fault = unusable(action.parameters_schema))
      return failed(action.name + "/parameters_schema: " + *fault);
    if (const auto fault = schemaFault(action.parameters_schema, action.name + "/parameters_schema");
        !fault.empty())
      return failed(fault);
  }
  return {};
}

Verdict entryIsSteady(const Target& target) {
  const auto one = loadSubject(target);
  const auto two = loadSubject(target);
  if (!one || !two) return failed((one ? two : one).error().text);
  return one->library == two->library ? Verdict{}
                                      : failed("the entry point answered another table the second time");
}

std::string hole(const void* table, std::uint64_t size_now) {
  std::uint64_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  if (size < size_now)
    return "struct_size is " + std::to_string(size) + ", expected at least " + std::to_string(size_now);
  for (std::uint64_t at = sizeof(size); at < size_now; at += sizeof(void*)) {
    const void* slot = nullptr;
    std::memcpy(&slot, static_cast<const char*>(table) + at, sizeof(slot));
    if (slot == nullptr) return "the function at offset " + std::to_string(at) + " is NULL";
  }
  return {};
}

Verdict tablesAreWhole(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  rf_host host{sizeof(rf_host), RF_ABI_MINOR, 0, nullptr,
               [](const rf_host*, rf_str) -> const void* { return nullptr; }};
  rf_plugin* plugin = subject->library->create(&host);
  if (plugin == nullptr) return skipped("create answered NULL to a host without services");
  if (!RF_HAS(plugin, rf_plugin, destroy) || plugin->configure == nullptr || plugin->query == nullptr ||
      plugin->destroy == nullptr)
    return failed("rf_plugin is too small, or lacks a function");
  const std::pair<std::string, std::uint64_t> known[] = {{RF_SCANNER_1, sizeof(rf_scanner_1)},
                                                         {RF_UPDATER_1, sizeof(rf_updater_1)},
                                                         {RF_ACTIONS_1, sizeof(rf_actions_1)},
                                                         {RF_COMMAND_TYPE_1, sizeof(rf_command_type_1)}};
  for (const auto& [id, size] : known) {
    const void* table = plugin->query(plugin, {id.data(), id.size()});
    const bool promised = subject->manifest.offers(id);
    if (promised != (table != nullptr))
      return failed(std::string(id).append(promised ? " is promised but not offered"
                                                    : " is offered but not in the descriptor"));
    if (const auto fault = table == nullptr ? "" : hole(table, size); !fault.empty())
      return failed(std::string(id).append(": ").append(fault));
  }
  const std::string unknown = "org.example.unknown/7";
  if (plugin->query(plugin, {unknown.data(), unknown.size()}) != nullptr)
    return failed("query answered a table for an interface that nobody knows");
  plugin->destroy(plugin);
  return {};
}

}  // namespace

void addLibraryChecks(std::vector<Check>& into) {
  into.push_back({"library.one_symbol", "read the library's symbols", "it exports rf_plugin_library_v1 alone",
                  1, oneSymbol});
  into.push_back({"library.loads", "load the library and read its descriptor",
                  "this ABI's major number, structs of full size, texts in UTF-8", 1, loads});
  into.push_back({"library.entry_is_steady",
                  "ask the entry point twice",
                  "the same table both times",
                  1,
                  entryIsSteady,
                  {"library.loads"}});
  into.push_back({"library.manifest",
                  "compare the descriptor with the manifest beside the library",
                  "both say the same",
                  11,
                  manifestMatches,
                  {"library.loads"}});
  into.push_back({"library.schema",
                  "read the schema of the settings",
                  "a valid JSON Schema of an object",
                  10,
                  schemaIsValid,
                  {"library.loads"}});
  into.push_back({"library.ids",
                  "read ids, version, kinds and capabilities",
                  "all of them well formed",
                  3,
                  idsAreWellFormed,
                  {"library.loads"}});
  into.push_back({"library.actions",
                  "ask what it can be ordered to do",
                  "well-formed actions, each with a JSON Schema of an object",
                  10,
                  actionsAreListed,
                  {"library.loads"}});
  into.push_back({"library.tables",
                  "ask for each interface, and for one that nobody knows",
                  "whole tables for the promised ones, NULL for all others",
                  2,
                  tablesAreWhole,
                  {"library.loads"}});
}

}  // namespace redflag::validator
