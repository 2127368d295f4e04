#include "ctl/document.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

namespace redflag::ctl {
namespace {

constexpr const char* kPrefix = "/api/v1/";
constexpr int kMaxReferences = 16;

const Json& resolve(const Json& document, const Json& value) {
  const Json* found = &value;
  for (int i = 0; found->is_object() && found->contains("$ref"); ++i) {
    const std::string reference = found->at("$ref");
    const Json::json_pointer place(reference.substr(1));
    if (i == kMaxReferences || !document.contains(place))
      throw std::runtime_error(reference + ": leads nowhere");
    found = &document.at(place);
  }
  return *found;
}

// A member by reference, an empty one where there is none.
const Json& part(const Json& value, const char* name) {
  static const Json nothing = Json::object();
  const auto found = value.is_object() ? value.find(name) : value.end();
  return found != value.end() ? *found : nothing;
}

std::string typed(std::string wire) {
  std::transform(wire.begin(), wire.end(), wire.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return wire;
}

// "integer" of {"type": ["integer", "null"]}.
std::string typeOf(const Json& schema) {
  const Json type = schema.value("type", Json(""));
  if (type.is_string()) return type;
  for (const auto& one : type)
    if (one != "null") return one;
  return {};
}

Option::Kind kindOf(const Json& document, const Json& schema) {
  const std::string type = typeOf(schema);
  if (type == "integer") return Option::Kind::kInteger;
  if (type == "boolean") return Option::Kind::kBoolean;
  if (type == "array") {
    const std::string item = typeOf(resolve(document, part(schema, "items")));
    return item == "string" ? Option::Kind::kTexts : Option::Kind::kJson;
  }
  return type == "string" ? Option::Kind::kText : Option::Kind::kJson;
}

Option optionOf(const Json& document, const std::string& wire, const Json& schema, Option::In in) {
  Option option;
  option.name = typed(wire);
  option.wire = wire;
  option.in = in;
  option.kind = kindOf(document, schema);
  for (const auto& choice : part(schema, "enum"))
    if (choice.is_string()) option.choices.push_back(choice);
  if (option.kind == Option::Kind::kText && option.choices.size() == 1) option.kind = Option::Kind::kFlag;
  return option;
}

// Every member that the body may have, in whatever form of it.
void addMembers(const Json& document, const Json& schema, bool every_form, std::vector<Option>& options) {
  for (const char* forms : {"allOf", "oneOf", "anyOf"})
    for (const auto& form : part(schema, forms))
      addMembers(document, resolve(document, form), every_form && std::string(forms) == "allOf", options);
  const Json required = part(schema, "required");
  for (const auto& [name, member] : part(schema, "properties").items()) {
    const Json& described = resolve(document, member);
    // What is secret has no place among arguments, where every process of the machine sees it: --body takes
    // it.
    if (described.value("format", "") == "password") continue;
    Option option = optionOf(document, name, described, Option::In::kBody);
    if (option.kind == Option::Kind::kFlag) option.kind = Option::Kind::kText;
    option.help = member.value("description", "");
    option.required = every_form && std::find(required.begin(), required.end(), name) != required.end();
    const auto same = std::find_if(options.begin(), options.end(),
                                   [&](const Option& other) { return other.name == option.name; });
    if (same == options.end()) options.push_back(std::move(option));
  }
}

void addParameters(const Json& document, const Json& written, Operation& operation) {
  for (const auto& reference : part(written, "parameters")) {
    const Json& parameter = resolve(document, reference);
    const std::string name = parameter.at("name");
    const std::string in = parameter.at("in");
    if (name == "Idempotency-Key") operation.once = true;
    if (in == "path" || name == "cursor" || name == "limit") continue;
    Option option = optionOf(document, name, resolve(document, parameter.at("schema")),
                             in == "header" ? Option::In::kHeader : Option::In::kQuery);
    option.required = parameter.value("required", false) && name != "Idempotency-Key";
    option.help = parameter.value("description", parameter.at("schema").value("description", ""));
    operation.options.push_back(std::move(option));
  }
}

// A row's members that fit into a cell, in the order in which the document requires them.
std::vector<std::string> cellsOf(const Json& document, const Json& row) {
  std::vector<std::string> cells;
  for (const auto& half : part(row, "allOf"))
    for (auto& cell : cellsOf(document, resolve(document, half)))
      cells.push_back(std::move(cell));
  const Json members = part(row, "properties");
  for (const auto& required : part(row, "required")) {
    const std::string name = required;
    if (!members.contains(name)) continue;
    const Json& member = resolve(document, members[name]);
    const std::string type = typeOf(member);
    if (type == "object" && part(member, "properties").contains("name"))
      cells.push_back(name + ".name");
    else if (!type.empty() && type != "object" && type != "array")
      cells.push_back(name);
  }
  return cells;
}

void addAnswer(const Json& document, const Json& written, Operation& operation) {
  for (const auto& [status, reference] : written.at("responses").items()) {
    if (status.front() != '2') continue;
    const Json& content = part(resolve(document, reference), "content");
    operation.streams = content.contains("text/event-stream");
    operation.raw = !content.empty() && !operation.streams && !content.contains("application/json");
    if (!content.contains("application/json")) continue;
    const Json& schema = resolve(document, content.at("application/json").at("schema"));
    const Json members = part(schema, "properties");
    if (!members.contains("items")) continue;
    operation.lists = true;
    operation.pages = members.contains("next_cursor");
    const Json described = resolve(document, members["items"]);
    const Json& row = resolve(document, described.at("items"));
    for (const auto& column : part(row, "x-columns"))
      operation.columns.push_back(column);
    if (operation.columns.empty()) operation.columns = cellsOf(document, row);
  }
}

// `of_one`: the path ends with a parameter. `also_read`: GET has this path, too.
std::string verbOf(const Operation& operation, const std::vector<std::string>& words, bool of_one,
                   bool also_read) {
  std::string what;
  for (const auto& word : words)
    what += "-" + word;
  const std::string& method = operation.method;
  if (method == "PUT" || method == "PATCH") return "change" + what;
  if (method == "DELETE") return "delete" + what;
  if (method == "POST" && (what.empty() || also_read)) return "create" + what;
  if (!what.empty()) return method == "GET" && of_one ? "show" + what : what.substr(1);
  if (operation.streams) return "follow";
  return operation.lists ? "list" : "show";
}

void nameIt(Operation& operation, bool also_read) {
  std::istringstream in(operation.path.substr(std::string(kPrefix).size()));
  std::vector<std::string> words;
  bool of_one = false;
  for (std::string word; std::getline(in, word, '/');) {
    of_one = word.front() == '{';
    if (of_one)
      operation.positionals.push_back(word.substr(1, word.size() - 2));
    else if (operation.noun.empty())
      operation.noun = word.substr(0, word.find('.'));
    else
      words.push_back(word);
  }
  operation.verb = verbOf(operation, words, of_one, also_read);
}

bool opensToTokens(const Json& written) {
  const auto ways = written.find("security");
  return ways == written.end() ||
         std::any_of(ways->begin(), ways->end(), [](const Json& way) { return way.contains("token"); });
}

}  // namespace

std::vector<Operation> operationsOf(const Json& document) {
  std::vector<Operation> operations;
  std::set<std::string> names;
  for (const auto& [path, methods] : document.at("paths").items()) {
    if (!path.starts_with(kPrefix)) continue;
    for (const auto& [method, written] : methods.items()) {
      Operation operation;
      operation.permission = written.at("x-permission");
      // Signing in, one's own account, and what no token opens are for people in browsers.
      if (operation.permission == "anyone" || operation.permission == "signed-in" || !opensToTokens(written))
        continue;
      operation.method = method;
      std::transform(method.begin(), method.end(), operation.method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      operation.path = path;
      operation.summary = written.value("summary", "");
      addParameters(document, written, operation);
      if (written.contains("requestBody")) {
        operation.has_body = true;
        const Json& content = resolve(document, written["requestBody"]).at("content");
        addMembers(document, resolve(document, content.at("application/json").at("schema")), true,
                   operation.options);
      }
      addAnswer(document, written, operation);
      nameIt(operation, methods.contains("get"));
      // What is done to several things at once has the shorter path, and comes first.
      if (!operation.positionals.empty() && names.contains(operation.noun + " " + operation.verb))
        operation.verb += "-one";
      if (!names.insert(operation.noun + " " + operation.verb).second)
        throw std::runtime_error(path + ": a second command of the name " + operation.noun + " " +
                                 operation.verb);
      operations.push_back(std::move(operation));
    }
  }
  return operations;
}

}  // namespace redflag::ctl
