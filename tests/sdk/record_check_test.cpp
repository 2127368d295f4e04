#include "protocol/record_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_run.h"

namespace redflag::protocol {
namespace {

using testing::HasSubstr;

const Json kUpdate = Json::parse(R"({"record":"update/1","scope":"main","manager":"apt","key":"k","name":"n",
    "candidate_version":"2","category":"security","severity":"high","cves":["CVE-1"],"needs_reboot":false,
    "download_bytes":5,"published_at":"2024-01-01T00:00:00Z","org.example.pinned_by":"x"})");

std::string refusal(Json record, const Json& change) {
  record.update(change);
  const auto checked = checkRecord(record, "records[3]");
  return checked ? "accepted" : checked.error().text;
}

TEST(RecordCheck, accepts_what_the_host_writes) {
  const test::Outcome run = test::runFixture("test.good");
  const auto records = run.all(host::FrameType::kRecord);
  ASSERT_FALSE(records.empty());
  for (const auto& record : records) {
    const auto checked = checkRecord(record, "records");
    EXPECT_TRUE(checked) << checked.error().text;
  }
}

TEST(RecordCheck, accepts_every_type_where_it_belongs) {
  EXPECT_EQ(refusal(kUpdate, Json::object()), "accepted");
}

TEST(RecordCheck, names_the_field_that_has_another_type) {
  for (const Json& change :
       {Json{{"name", 1}}, Json{{"needs_reboot", 1}}, Json{{"cves", "CVE-1"}},
        Json{{"cves", Json::array({1})}}, Json{{"cves", Json::array()}}, Json{{"download_bytes", 1.5}},
        Json{{"download_bytes", UINT64_MAX}}, Json{{"published_at", "yesterday"}},
        Json{{"severity", "Important"}}, Json{{"scope", 1}}, Json{{"surprise", "x"}},
        Json{{"name", "\x1b[2J"}}, Json{{"name", Json::object()}}, Json{{"name", nullptr}},
        Json{{"org.example.pinned_by", true}}}) {
    EXPECT_THAT(refusal(kUpdate, change), HasSubstr("records[3]." + change.begin().key() + ": expected"))
        << change;
  }
}

TEST(RecordCheck, names_the_field_that_is_longer_than_an_index_holds) {
  EXPECT_EQ(refusal(kUpdate, {{"name", std::string(512, 'n')}}), "accepted");
  EXPECT_EQ(refusal(kUpdate, {{"name", std::string(513, 'n')}}),
            "records[3].name: expected at most 512 bytes");
  const Json metric = {{"record", "metric/1"}, {"name", "m"}, {"value", 1}};
  EXPECT_EQ(refusal(metric, {{"label", {std::string(512, 'a'), std::string(512, 'b')}}}), "accepted");
  EXPECT_EQ(refusal(metric, {{"label", {std::string(512, 'a'), std::string(513, 'b')}}}),
            "records[3].label: expected at most 1024 bytes");
}

TEST(RecordCheck, names_the_field_that_is_missing) {
  for (const char* field : {"manager", "key", "name", "candidate_version", "category", "severity"}) {
    Json record = kUpdate;
    record.erase(field);
    EXPECT_THAT(refusal(record, Json::object()), HasSubstr(std::string("records[3].") + field)) << field;
  }
}

TEST(RecordCheck, refuses_what_is_no_record) {
  EXPECT_FALSE(checkRecord(Json::array(), "r"));
  EXPECT_FALSE(checkRecord(Json::object(), "r"));
  EXPECT_THAT(refusal({{"record", "update/2"}}, Json::object()), HasSubstr("expected a known kind"));
  EXPECT_EQ(refusal({{"record", "org.example.thing/1"}, {"size", 2}, {"names", {"a"}}}, Json::object()),
            "accepted");
  EXPECT_THAT(refusal({{"record", "org.example.thing/1"}, {"deep", {{"er", 1}}}}, Json::object()),
              HasSubstr("deep"));
}

}  // namespace
}  // namespace redflag::protocol
