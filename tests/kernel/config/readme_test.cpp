// What kernel/README.md says of agent.yaml: the file that it shows is one, with every key and every default.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "config/config.h"
#include "config/core_schema.h"

namespace redflag::kernel {
namespace {

std::string readmeText() {
  std::ifstream in(REDFLAG_KERNEL_README);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The section about agent.yaml, and of it the file alone.
std::string sectionOf(const std::string& readme) {
  const auto begin = readme.find("## agent.yaml\n");
  return begin == std::string::npos ? "" : readme.substr(begin, readme.find("\n## ", begin) - begin);
}

std::string shownFile() {
  const std::string section = sectionOf(readmeText());
  const std::string fence = "```yaml\n";
  const auto begin = section.find(fence);
  if (begin == std::string::npos) return "";
  return section.substr(begin + fence.size(),
                        section.find("```\n", begin + fence.size()) - begin - fence.size());
}

void collectKeys(const Json& schema, std::set<std::string>& keys) {
  if (schema.is_object()) {
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [key, value] : properties.items())
      keys.insert(key);
  }
  if (schema.is_structured()) {
    for (const auto& part : schema)
      collectKeys(part, keys);
  }
}

TEST(ReadmeOfTheAgent, shows_a_file_that_is_in_order) {
  const auto loaded = checkConfigText(shownFile(), "agent.yaml");
  for (const auto& problem : loaded.problems)
    ADD_FAILURE() << problem.toText();
  EXPECT_TRUE(loaded.config.has_value());
}

TEST(ReadmeOfTheAgent, names_every_key_that_there_is) {
  std::set<std::string> keys;
  collectKeys(coreSchema(), keys);
  EXPECT_GT(keys.size(), 40U);
  const std::string section = sectionOf(readmeText());
  for (const auto& key : keys)
    EXPECT_NE(section.find(key), std::string::npos) << key;
}

TEST(ReadmeOfTheAgent, shows_the_defaults) {
  const auto loaded = checkConfigText(shownFile(), "agent.yaml");
  ASSERT_TRUE(loaded.config.has_value());
  for (const char* key : {"mode", "server", "schedule", "limits", "isolation", "breaker", "spool", "log"})
    EXPECT_EQ(loaded.config->written.value(key, Json()), coreDefaults().at(key)) << key;
}

}  // namespace
}  // namespace redflag::kernel
