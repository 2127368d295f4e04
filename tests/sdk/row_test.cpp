#include "host/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"
#include "protocol/record_check.h"

namespace redflag::host {
namespace {

using testing::HasSubstr;

Row started(std::string_view kind) {
  Row row;
  EXPECT_TRUE(row.begin(kind));
  return row;
}

Row update() {
  Row row = started("update/1");
  EXPECT_TRUE(row.putText("key", "k"));
  EXPECT_TRUE(row.putText("name", "n"));
  EXPECT_TRUE(row.putText("candidate_version", "2"));
  return row;
}

TEST(Row, fills_in_the_manager_and_what_is_unknown) {
  const Json json = Json::parse(update().finish("apt").value());
  EXPECT_EQ(json,
            Json::parse(R"({"record":"update/1","key":"k","name":"n","candidate_version":"2","manager":"apt",
                                  "category":"unknown","severity":"unknown"})"));
}

TEST(Row, writes_each_type_as_json_has_it) {
  Row row = update();
  ASSERT_TRUE(row.putText("cves", "CVE-1"));
  ASSERT_TRUE(row.putText("manager", "own"));
  ASSERT_TRUE(row.putInt("needs_reboot", 1));
  ASSERT_TRUE(row.putInt("download_bytes", -5));
  ASSERT_TRUE(row.putTime("published_at", 0));
  ASSERT_TRUE(row.putText("origin", "a \"quoted\"\\ text\twith\na line"));
  const Json json = Json::parse(row.finish("apt").value());
  EXPECT_EQ(json.at("cves"), Json::array({"CVE-1"})) << "a list of one is a list";
  EXPECT_EQ(json.at("manager"), "own");
  EXPECT_EQ(json.at("needs_reboot"), true);
  EXPECT_EQ(json.at("download_bytes"), -5);
  EXPECT_EQ(json.at("published_at"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(json.at("origin"), "a \"quoted\"\\ text\twith\na line");
}

TEST(Row, takes_no_more_than_the_servers_indexes_hold) {
  Row long_name = started("update/1");
  EXPECT_THAT(long_name.putText("name", std::string(513, 'n')).error().text, HasSubstr("at most 512 bytes"));
  EXPECT_TRUE(long_name.putText("name", std::string(512, 'n')));
  Row metric = started("metric/1");
  EXPECT_TRUE(metric.putText("label", std::string(1000, 'l')));
  EXPECT_THAT(metric.putText("label", std::string(25, 'l')).error().text, HasSubstr("at most 1024 bytes"));
  EXPECT_TRUE(metric.putText("label", std::string(24, 'l')));
}

TEST(Row, takes_a_text_a_number_or_a_list_where_the_table_says_any) {
  Row text = started("fact/1");
  ASSERT_TRUE(text.putText("name", "os"));
  ASSERT_TRUE(text.putText("value", "Debian"));
  EXPECT_EQ(Json::parse(text.finish("").value()).at("value"), "Debian");
  ASSERT_TRUE(text.putText("value", "12"));
  EXPECT_EQ(Json::parse(text.finish("").value()).at("value"), Json::array({"Debian", "12"}));
  Row number = started("fact/1");
  ASSERT_TRUE(number.putInt("value", 3));
  EXPECT_THAT(number.putText("value", "three").error().text, HasSubstr("texts only, or one number"));
}

TEST(Row, refuses_the_wrong_type_and_names_the_field) {
  Row row = update();
  EXPECT_THAT(row.putInt("name", 1).error().text,
              HasSubstr("update/1: field \"name\": expected no whole number"));
  EXPECT_FALSE(row.putText("download_bytes", "12"));
  EXPECT_FALSE(row.putReal("download_bytes", 1.5));
  EXPECT_FALSE(row.putInt("needs_reboot", 2));
  EXPECT_FALSE(row.putInt("published_at", 5));
  EXPECT_FALSE(row.putTime("name", 5));
  EXPECT_THAT(row.putText("severity", "Important").error().text, HasSubstr("\"Important\""));
  EXPECT_THAT(row.putText("name", "again").error().text, HasSubstr("put twice"));
}

TEST(Row, refuses_a_missing_required_field_by_name) {
  Row row = started("update/1");
  ASSERT_TRUE(row.putText("key", "k"));
  ASSERT_TRUE(row.putText("candidate_version", "2"));
  EXPECT_THAT(row.finish("apt").error().text, HasSubstr("field \"name\": expected a value; it is missing"));
}

TEST(Row, refuses_texts_that_could_fake_lines_or_terminal_commands) {
  Row row = started("fact/1");
  for (const std::string& bad : {std::string("\x1b[2J"), std::string("a\0b", 3), std::string("a\rb"),
                                 std::string("\x7f"), std::string("\xff\xfe"), std::string("\xed\xa0\x80")}) {
    EXPECT_FALSE(row.putText("name", bad));
  }
  EXPECT_TRUE(row.putText("value", std::string(65536, 'x')));
  EXPECT_FALSE(row.putText("value", std::string(65537, 'x')));
}

TEST(Row, refuses_numbers_that_json_cannot_hold) {
  Row row = started("metric/1");
  EXPECT_FALSE(row.putReal("value", std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(row.putReal("value", std::numeric_limits<double>::quiet_NaN()));
  ASSERT_TRUE(row.putReal("value", 0.1));
  ASSERT_TRUE(row.putText("name", "load_ratio"));
  EXPECT_EQ(Json::parse(row.finish("").value()).at("value"), 0.1);
}

TEST(Row, refuses_times_that_the_server_does_not_take) {
  for (const std::int64_t far :
       {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    EXPECT_THAT(update().putTime("published_at", far).error().text, HasSubstr("a time from 1678 to 2261"));
  EXPECT_TRUE(update().putTime("published_at", 9'214'646'399'999'999'999)) << "the last one of 2261";
}

TEST(Row, has_a_largest_size) {
  Row row = started("service/1");
  ASSERT_TRUE(row.putText("name", "cron"));
  for (int i = 0; i < 9; ++i)
    ASSERT_TRUE(row.putText("packages", std::string(60'000, 'x')));
  EXPECT_EQ(row.finish("").error().code, Code::kLimit);
}

TEST(Row, passes_on_third_parties_kinds_and_fields_with_the_type_they_were_put_as) {
  Row own = started("org.example.flatpak-remote/1");
  ASSERT_TRUE(own.putText("url", "https://example.org"));
  ASSERT_TRUE(own.putInt("apps", 3));
  ASSERT_TRUE(own.putReal("share", 0.5));
  ASSERT_TRUE(own.putTime("seen_at", 0));
  EXPECT_FALSE(own.putText("No Name", "x"));
  const Json json = Json::parse(own.finish("").value());
  EXPECT_EQ(json.at("record"), "org.example.flatpak-remote/1");
  EXPECT_EQ(json.at("apps"), 3);
  EXPECT_EQ(json.at("seen_at"), "1970-01-01T00:00:00.000Z");

  Row ours = update();
  ASSERT_TRUE(ours.putText("org.example.pinned_by", "somebody"));
  EXPECT_FALSE(ours.putText("pinned_by", "somebody"));
  EXPECT_EQ(Json::parse(ours.finish("apt").value()).at("org.example.pinned_by"), "somebody");
}

TEST(Row, a_large_real_number_stays_one_that_the_server_takes) {
  Row row = started("org.example.flatpak-remote/1");
  const double large = 12'345'678'901'234'567'168.0;  // its shortest form has no dot and no exponent
  ASSERT_TRUE(row.putReal("positive", large));
  ASSERT_TRUE(row.putReal("negative", -large));
  const Json json = Json::parse(row.finish("").value());
  EXPECT_TRUE(json.at("positive").is_number_float());
  EXPECT_EQ(json.at("positive"), large);
  EXPECT_EQ(json.at("negative"), -large);
  EXPECT_TRUE(protocol::checkRecord(json, "row"));
}

TEST(Row, lets_no_third_partys_field_take_the_place_of_what_every_record_has) {
  Row row;
  ASSERT_TRUE(row.begin("org.example.thing/1"));
  for (const char* field : {"record", "scope"}) {
    EXPECT_THAT(row.putText(field, "x").error().text, HasSubstr("expected another name"));
    EXPECT_FALSE(row.putReal(field, 1));
  }
}

TEST(Row, refuses_kinds_that_nobody_owns) {
  Row row;
  for (const char* kind :
       {"update/2", "update", "", "my/1", "org.example/1", "org.example.x/0", "org.example.x/",
        "org.example.x/12345", "org..x.y/1", "Org.Example.X/1", "org.example.x/1a"}) {
    EXPECT_FALSE(row.begin(kind)) << kind;
  }
}

TEST(RecordKinds, have_unique_names_and_fields) {
  for (const auto& kind : protocol::recordKinds()) {
    EXPECT_EQ(protocol::findRecordKind(kind.name), &kind);
    for (const auto& field : kind.fields) {
      EXPECT_EQ(kind.find(field.name), &field);
      EXPECT_TRUE(protocol::isFieldName(field.name));
      EXPECT_EQ(field.choices.empty(), field.type != protocol::FieldType::kChoice) << field.name;
    }
  }
}

}  // namespace
}  // namespace redflag::host
