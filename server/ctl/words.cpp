#include "ctl/words.h"

#include <map>

namespace redflag::ctl {
namespace {

constexpr std::size_t kMostOfALine = 46;

using Values = std::map<std::string, std::vector<std::string>>;

void addOption(CLI::App& command, const Option& option, Values& values) {
  const std::string name = "--" + option.name;
  const std::string key = option.wire;
  if (option.kind == Option::Kind::kFlag) {
    command.add_flag_callback(
        name, [&values, key, text = option.choices.front()] { values[key] = {text}; }, option.help);
    return;
  }
  auto* added = command.add_option_function<std::vector<std::string>>(
      name, [&values, key](const std::vector<std::string>& given) { values[key] = given; }, option.help);
  added->expected(1)->allow_extra_args(false);
  if (option.kind == Option::Kind::kTexts) added->take_all();
  if (option.kind == Option::Kind::kInteger) added->type_name("NUMBER");
  if (option.kind == Option::Kind::kJson) added->type_name("JSON");
  if (option.kind == Option::Kind::kBoolean) added->check(CLI::IsMember({"true", "false"}));
  if (!option.choices.empty()) added->check(CLI::IsMember(option.choices));
}

std::string nameOf(const std::string& positional) {
  return positional == "id" ? "ID" : positional;
}

void addVerb(CLI::App& noun, const Operation& operation, Wanted& wanted) {
  auto* verb = noun.add_subcommand(operation.verb, operation.summary);
  wanted.wish.positionals.resize(std::max(wanted.wish.positionals.size(), operation.positionals.size()));
  for (std::size_t i = 0; i < operation.positionals.size(); ++i)
    verb->add_option(nameOf(operation.positionals[i]), wanted.wish.positionals[i])->required();
  for (const auto& option : operation.options)
    addOption(*verb, option, wanted.wish.options);
  if (operation.has_body)
    verb->add_option("--body", wanted.body_file, "a file with the whole body (JSON), or -");
  if (operation.pages) {
    auto* limit =
        verb->add_option("--limit", wanted.wish.rows, "rows at most (100)")->check(CLI::PositiveNumber);
    verb->add_flag("--all", wanted.all, "every row")->excludes(limit);
  }
  if (operation.lists)
    verb->add_option("--columns", wanted.columns, "of the table, separated by commas")->delimiter(',');
  if (!operation.streams && !operation.raw)
    verb->add_option("--format", wanted.format, "table | json")->check(CLI::IsMember({"table", "json"}));
  verb->callback([&wanted, &operation] {
    wanted.operation = &operation;
    wanted.wish.positionals.resize(operation.positionals.size());
    if (wanted.all) wanted.wish.rows = std::string::npos;
    // Of several forms of a body no member is needed by all, and one that is may be in --body.
    for (const auto& option : operation.options)
      if (option.required && wanted.body_file.empty() && !wanted.wish.options.contains(option.wire))
        throw CLI::RequiredError("--" + option.name);
  });
}

std::string wordsOf(const CLI::App& command) {
  std::string words;
  for (const CLI::App* inner : command.get_subcommands({}))
    words += inner->get_name() + " ";
  for (const CLI::Option* option : command.get_options())
    for (const auto& name : option->get_lnames())
      words += "--" + name + " ";
  return words;
}

void addWords(const CLI::App& command, const std::string& path, std::string& cases) {
  cases += "    '" + path + "') words='" + wordsOf(command) + "' ;;\n";
  for (const CLI::App* inner : command.get_subcommands({}))
    addWords(*inner, path.empty() ? inner->get_name() : path + " " + inner->get_name(), cases);
}

}  // namespace

void addOperations(CLI::App& app, const std::vector<Operation>& operations, Wanted& wanted) {
  std::map<std::string, CLI::App*> nouns;
  for (const auto& operation : operations) {
    auto& noun = nouns[operation.noun];
    if (noun == nullptr) {
      noun = app.add_subcommand(operation.noun);
      noun->require_subcommand(1);
      noun->fallthrough();
    }
    addVerb(*noun, operation, wanted);
    // As many as a line of a terminal holds.
    const std::string before = noun->get_description();
    const std::string longer = before + (before.empty() ? "" : ", ") + operation.verb;
    if (before.ends_with("…")) continue;
    noun->description(longer.size() <= kMostOfALine ? longer : before + ", …");
  }
}

std::string completionScript(const CLI::App& app) {
  std::string cases;
  addWords(app, "", cases);
  return "_redflagctl() {\n"
         "  local path= word words=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) break ;; esac\n"
         "    path+=${path:+ }$word\n"
         "  done\n"
         "  case $(cut -d' ' -f1,2 <<<\"$path\") in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -F _redflagctl redflagctl\n";
}

}  // namespace redflag::ctl
