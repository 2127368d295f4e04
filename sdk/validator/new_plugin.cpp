#include "validator/new_plugin.h"

#include <fstream>
#include <regex>

#include "validator/template_files.h"

namespace redflag::validator {
namespace {

constexpr std::string_view kTemplateId = "org.example.template";
constexpr std::string_view kTemplateCode = "\"template.";  // of reports

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace

Result<std::filesystem::path> writeNewPlugin(const std::filesystem::path& where, const std::string& id) {
  static const std::regex kReverseDns("[a-z0-9_-]+(\\.[a-z0-9_-]+)+\\.[a-z][a-z0-9_]*");
  if (id.size() > 128 || !std::regex_match(id, kReverseDns))
    return fail(Code::kInvalid, id + ": expected a reverse DNS name, such as org.example.flatpak");
  const auto folder = where / id;
  std::error_code error;
  if (!std::filesystem::create_directory(folder, error))
    return fail(Code::kIo, folder.string() + ": " + (error ? error.message() : "is there already"));
  const std::string code = "\"" + id.substr(id.rfind('.') + 1) + ".";
  for (const auto& [name, content] : kTemplateFiles) {
    std::ofstream file(folder / name, std::ios::binary);
    file << replaced(replaced(content, kTemplateId, id), kTemplateCode, code) << std::flush;
    if (!file) return fail(Code::kIo, (folder / name).string() + ": cannot be written");
  }
  return folder;
}

}  // namespace redflag::validator
