// What an updater says of what was ordered, as records: it is a plugin's word, and may be anything.
#include "schedule/installed_now.h"

#include <gmock/gmock.h>

namespace redflag::kernel {
namespace {

using testing::IsEmpty;

const Json kOrdered = Json::parse(R"([
  {"key":"a:all","name":"a","arch":"all","version":"2"},
  {"key":"b:all","name":"b","arch":"all","version":"2"}])");

Json rowOf(const std::string& name, const Json& installed) {
  return {{"name", name},
          {"arch", "all"},
          {"version", "2"},
          {"installed_version", installed},
          {"verified", true}};
}
std::vector<std::string> recordsOf(const Json& rows) {
  return installedRecords("apt", "main", kOrdered, {{"updates", rows}});
}

TEST(InstalledNow, is_asked_about_without_the_servers_keys) {
  EXPECT_EQ(verifyRequest(kOrdered), Json::parse(R"({"updates":[
    {"name":"a","arch":"all","version":"2"},{"name":"b","arch":"all","version":"2"}]})"));
}

TEST(InstalledNow, is_a_record_with_the_key_of_what_was_ordered) {
  const auto records = recordsOf({rowOf("a", "2"), rowOf("b", "3")});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(Json::parse(records[1]), Json::parse(R"({"record":"package/1","scope":"main","manager":"apt",
    "key":"b:all","name":"b","arch":"all","version":"3"})"));
}

TEST(InstalledNow, leaves_out_what_is_not_installed_or_was_not_ordered_or_is_no_record) {
  EXPECT_THAT(recordsOf({rowOf("a", ""), rowOf("c", "2"), rowOf("b", 7), rowOf("b", "1\x1b"), 5}), IsEmpty());
  EXPECT_THAT(recordsOf({rowOf("b", std::string(100'000, '1'))}), IsEmpty());
  for (const Json& told : {Json(), Json(7), Json::array(), Json::object(), Json{{"updates", "a"}}})
    EXPECT_THAT(installedRecords("apt", "main", kOrdered, told), IsEmpty()) << told;
}

TEST(InstalledNow, of_orders_that_are_no_objects_is_nothing) {
  const Json odd = {7, "a", Json::object()};
  EXPECT_EQ(verifyRequest(odd).at("updates").size(), 3U);
  EXPECT_THAT(installedRecords("apt", "main", odd, {{"updates", {rowOf("", "2")}}}), IsEmpty());
}

}  // namespace
}  // namespace redflag::kernel
