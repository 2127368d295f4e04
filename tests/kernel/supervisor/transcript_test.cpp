#include "supervisor/transcript.h"

#include <gmock/gmock.h>

#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

using host::encodeFrame;
using host::FrameType;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

class TranscriptTest : public testing::Test {
 protected:
  TranscriptTest() {
    request_.manifest.id = "p";
    request_.manifest.version = "1.0";
    request_.manifest.record_kinds = {"update/1", "fact/1"};
    request_.operation = "scan";
    request_.limits.records = 3;
    request_.limits.output_bytes = 4096;
  }
  Result<> say(FrameType type, const std::string& payload) {
    return transcript().feed(encodeFrame(type, payload));
  }
  Transcript& transcript() {
    if (!transcript_) transcript_.emplace(request_);
    return *transcript_;
  }
  void hello() {
    ASSERT_TRUE(say(FrameType::kHello, R"({"id":"p","version":"1.0","abi_major":1,"abi_minor":0,"pid":7})"));
  }
  void begin(const std::string& key) {
    ASSERT_TRUE(say(FrameType::kBeginScope, R"({"key":")" + key + "\"}"));
  }
  void end(const std::string& key, const std::string& status) {
    ASSERT_TRUE(say(FrameType::kEndScope, R"({"key":")" + key + R"(","status":")" + status + "\"}"));
  }
  void record() { ASSERT_TRUE(say(FrameType::kRecord, R"({"record":"fact/1","key":"a"})")); }
  void done(const std::string& status) {
    ASSERT_TRUE(say(FrameType::kDone, R"({"status":")" + status + "\"}"));
  }

  RunRequest request_;
  std::optional<Transcript> transcript_;
};

TEST_F(TranscriptTest, tells_a_complete_scan_with_the_scope_of_each_record) {
  hello();
  begin("a\\\"b");
  record();
  end("a\\\"b", "ok");
  record();
  begin("");
  end("", "ok");
  ASSERT_TRUE(
      transcript().feed(encodeFrame(FrameType::kState, host::encodeState("k", std::string("\0v", 2)))));
  done("ok");
  ASSERT_TRUE(transcript().done());
  const auto outcome = transcript().finish();
  EXPECT_EQ(outcome.status, "ok");
  EXPECT_EQ(outcome.run_class, RunClass::kOk);
  EXPECT_TRUE(outcome.complete);
  ASSERT_EQ(outcome.records.size(), 2U);
  EXPECT_EQ(Json::parse(outcome.records[0]), Json::parse(R"({"record":"fact/1","key":"a","scope":"a\"b"})"));
  EXPECT_EQ(outcome.records[1], R"({"record":"fact/1","key":"a"})");
  EXPECT_EQ(outcome.state.at("k"), std::string("\0v", 2));
}

TEST_F(TranscriptTest, takes_no_record_that_begins_with_a_byte_order_mark) {
  hello();
  EXPECT_FALSE(say(FrameType::kRecord, "\xEF\xBB\xBF{\"record\":\"fact/1\",\"key\":\"a\"}"));
}

TEST_F(TranscriptTest, understands_frames_that_come_byte_by_byte) {
  const std::string stream =
      encodeFrame(FrameType::kHello, R"({"id":"p","version":"1.0","abi_major":1,"abi_minor":0})") +
      encodeFrame(FrameType::kDone, R"({"status":"transient"})");
  for (const char byte : stream)
    ASSERT_TRUE(transcript().feed({&byte, 1}));
  ASSERT_TRUE(transcript().done());
  EXPECT_EQ(transcript().finish().run_class, RunClass::kFailure);
}

TEST_F(TranscriptTest, is_incomplete_when_one_scope_failed_and_keeps_the_others) {
  hello();
  begin("a");
  record();
  end("a", "ok");
  begin("b");
  end("b", "transient");
  done("ok");
  const auto outcome = transcript().finish();
  EXPECT_FALSE(outcome.complete);
  EXPECT_EQ(outcome.run_class, RunClass::kOk);
  EXPECT_EQ(outcome.scopes[0].status, "ok");
}

TEST_F(TranscriptTest, takes_as_many_scopes_and_reports_as_a_server_would_and_no_more) {
  request_.limits.output_bytes = 1U << 20U;
  hello();
  const std::string report = R"({"status":"ok","code":"a.b","text":""})";
  for (std::size_t i = 0; i < protocol::kMaxScanReports; ++i)
    ASSERT_TRUE(say(FrameType::kReport, report));
  EXPECT_FALSE(say(FrameType::kReport, report));
  for (std::size_t i = 0; i < protocol::kMaxScanScopes; ++i) {
    begin(std::to_string(i));
    end(std::to_string(i), "ok");
  }
  begin("");
  end("", "ok");
  EXPECT_FALSE(say(FrameType::kBeginScope, R"({"key":"x"})"));
  const auto outcome = transcript().finishWithout("limit", RunClass::kBrokenContract, "run.limit", "");
  EXPECT_EQ(outcome.scopes.size(), protocol::kMaxScanScopes + 1);
  EXPECT_EQ(outcome.reports.size(), protocol::kMaxScanReports + 1);
}

TEST_F(TranscriptTest, keeps_complete_scopes_of_a_crash_and_fails_the_open_one) {
  hello();
  begin("a");
  record();
  end("a", "ok");
  begin("b");
  record();
  const auto outcome = transcript().finishWithout("crash", RunClass::kCrash, "run.crash", "signal 11");
  EXPECT_EQ(outcome.status, "crash");
  EXPECT_FALSE(outcome.complete);
  EXPECT_EQ(outcome.records.size(), 2U);
  ASSERT_EQ(outcome.scopes.size(), 2U);
  EXPECT_EQ(outcome.scopes[0].status, "ok");
  EXPECT_EQ(outcome.scopes[1].status, "internal");
  EXPECT_EQ(outcome.reports.back().code, "run.crash");
}

TEST_F(TranscriptTest, believes_nothing_of_who_broke_the_contract) {
  hello();
  begin("a");
  record();
  end("a", "ok");
  const auto outcome =
      transcript().finishWithout("broken_contract", RunClass::kBrokenContract, "run.broken_contract", "x");
  EXPECT_TRUE(outcome.records.empty());
  EXPECT_EQ(outcome.scopes[0].status, "internal");
}

TEST_F(TranscriptTest, gives_rows_outside_of_scopes_a_failed_scope_when_the_host_died) {
  hello();
  record();
  const auto outcome = transcript().finishWithout("crash", RunClass::kCrash, "run.crash", "");
  ASSERT_EQ(outcome.scopes.size(), 1U);
  EXPECT_EQ(outcome.scopes[0].key, "");
  EXPECT_EQ(outcome.scopes[0].status, "internal");
}

TEST_F(TranscriptTest, has_a_scope_even_when_nothing_was_said) {
  EXPECT_EQ(transcript().finishWithout("hang", RunClass::kHang, "run.hang", "").scopes.size(), 1U);
}

TEST_F(TranscriptTest, cuts_a_flood_of_records_at_the_limit) {
  hello();
  for (int i = 0; i < 3; ++i)
    record();
  EXPECT_EQ(say(FrameType::kRecord, R"({"record":"fact/1"})").error().code, Code::kLimit);
}

TEST_F(TranscriptTest, cuts_a_flood_of_bytes_at_the_limit) {
  hello();
  Result<> said;
  for (int i = 0; i < 100 && said; ++i)
    said = say(FrameType::kLog, R"({"level":"debug","text":")" + std::string(500, 'x') + "\"}");
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, Code::kLimit);
}

TEST_F(TranscriptTest, keeps_state_only_of_a_run_that_ended_well) {
  hello();
  ASSERT_TRUE(transcript().feed(encodeFrame(FrameType::kState, host::encodeState("k", "v"))));
  done("transient");
  EXPECT_TRUE(transcript().finish().state.empty());
}

TEST_F(TranscriptTest, takes_one_result_of_an_updater) {
  request_.operation = "plan";
  hello();
  ASSERT_TRUE(say(FrameType::kResult, R"({"steps":[]})"));
  EXPECT_FALSE(say(FrameType::kResult, R"({"steps":[]})"));
}

TEST_F(TranscriptTest, puts_a_result_together_that_comes_in_parts) {
  request_.operation = "plan";
  request_.limits.output_bytes = 100U << 20;
  hello();
  ASSERT_TRUE(say(FrameType::kResultPart, R"({"steps":")"));
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(say(FrameType::kResultPart, std::string(1U << 20, 'x')));
  ASSERT_TRUE(say(FrameType::kResult, R"("})"));
  done("ok");
  EXPECT_EQ(transcript().finish().result.at("steps").get_ref<const std::string&>().size(), 30U << 20);
}

TEST_F(TranscriptTest, ends_a_result_that_has_no_end) {
  request_.operation = "plan";
  request_.limits.output_bytes = 100U << 20;
  hello();
  Result<> said;
  for (int i = 0; i < 60 && said; ++i)
    said = say(FrameType::kResultPart, std::string(1U << 20, 'x'));
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, Code::kLimit);
}

TEST_F(TranscriptTest, sorts_endings_into_the_breakers_classes) {
  const auto classOf = [&](const std::string& status, const std::string& code, bool greeted) {
    transcript_.emplace(request_);
    if (greeted) hello();
    if (!code.empty()) {
      EXPECT_TRUE(say(FrameType::kReport, R"({"status":"invalid","code":")" + code + R"(","text":""})"));
    }
    done(status);
    return transcript().finish().run_class;
  };
  EXPECT_EQ(classOf("ok", "", true), RunClass::kOk);
  for (const char* status : {"transient", "permanent", "limit", "internal", "invalid"}) {
    EXPECT_EQ(classOf(status, "", true), RunClass::kFailure) << status;
  }
  for (const char* status : {"not_applicable", "denied", "misconfigured", "cancelled", "unsupported"}) {
    EXPECT_EQ(classOf(status, "", true), RunClass::kNeutral) << status;
  }
  EXPECT_EQ(classOf("not_applicable", "plugin.library_missing", false), RunClass::kNeutral);
  EXPECT_EQ(classOf("invalid", "plugin.not_loaded", false), RunClass::kBrokenContract);
  EXPECT_EQ(classOf("unsupported", "plugin.other_abi", false), RunClass::kBrokenContract);
  EXPECT_EQ(classOf("limit", "plugin.runaway", true), RunClass::kBrokenContract);
}

TEST_F(TranscriptTest, holds_one_source_of_several_against_no_plugin) {
  const auto classOf = [&](const std::string& first, const std::string& second, const std::string& status) {
    transcript_.emplace(request_);
    hello();
    for (const auto& [key, end_as] : {std::pair("a", first), std::pair("b", second)}) {
      begin(key);
      end(key, end_as);
    }
    done(status);
    return transcript().finish().run_class;
  };
  EXPECT_EQ(classOf("ok", "transient", "transient"), RunClass::kNeutral);
  EXPECT_EQ(classOf("permanent", "ok", "permanent"), RunClass::kNeutral);
  EXPECT_EQ(classOf("transient", "transient", "transient"), RunClass::kFailure) << "none answered";
  EXPECT_EQ(classOf("ok", "ok", "transient"), RunClass::kFailure) << "it was no source";
  EXPECT_EQ(classOf("ok", "internal", "internal"), RunClass::kFailure) << "it is the plugin's own fault";
}

TEST_F(TranscriptTest, hands_the_breaker_the_last_report_that_is_no_success) {
  hello();
  ASSERT_TRUE(
      say(FrameType::kReport, R"({"status":"transient","code":"apt.locked","text":"the lock is held"})"));
  ASSERT_TRUE(say(FrameType::kReport, R"({"status":"ok","code":"apt.note","text":"x"})"));
  done("transient");
  const auto end = transcript().finish().end();
  EXPECT_EQ(end.code, "apt.locked");
  EXPECT_EQ(end.text, "the lock is held");
}

struct Lie {
  const char* what;
  FrameType type;
  const char* payload;
};

class TranscriptLies : public TranscriptTest, public testing::WithParamInterface<Lie> {};

TEST_P(TranscriptLies, break_the_contract) {
  hello();
  begin("open");
  const auto said = say(GetParam().type, GetParam().payload);
  ASSERT_FALSE(said) << GetParam().what;
  EXPECT_EQ(said.error().code, Code::kInvalid) << said.error().text;
}

INSTANTIATE_TEST_SUITE_P(
    , TranscriptLies,
    testing::Values(
        Lie{"second hello", FrameType::kHello, R"({"id":"p","version":"1.0","abi_major":1})"},
        Lie{"nested scope", FrameType::kBeginScope, R"({"key":"other"})"},
        Lie{"another scope ends", FrameType::kEndScope, R"({"key":"other","status":"ok"})"},
        Lie{"unknown status", FrameType::kEndScope, R"({"key":"open","status":"fine"})"},
        Lie{"done inside a scope", FrameType::kDone, R"({"status":"ok"})"},
        Lie{"done without status", FrameType::kDone, "{}"},
        Lie{"record of another kind", FrameType::kRecord, R"({"record":"package/1"})"},
        Lie{"record without kind", FrameType::kRecord, R"({"name":"x"})"},
        Lie{"record with a scope of its own", FrameType::kRecord, R"({"record":"fact/1","scope":"z"})"},
        Lie{"record with the same key twice", FrameType::kRecord, R"({"record":"fact/1","record":"fact/1"})"},
        Lie{"record that is no JSON", FrameType::kRecord, "rm -rf /"},
        Lie{"record of bad UTF-8", FrameType::kRecord, "{\"record\":\"fact/1\",\"a\":\"\xFF\"}"},
        Lie{"a list for an object", FrameType::kReport, "[]"},
        Lie{"report of unknown status", FrameType::kReport, R"({"status":"x","code":"a.b","text":""})"},
        Lie{"result of a scan", FrameType::kResult, "{}"},
        Lie{"state with a path as key", FrameType::kState, "\x05\0../..v"},
        Lie{"our own frame", FrameType::kStart, "{}"}, Lie{"empty hello", FrameType::kHello, ""}));

TEST_F(TranscriptTest, refuses_another_plugin_than_its_manifest) {
  EXPECT_THAT(
      say(FrameType::kHello, R"({"id":"q","version":"1.0","abi_major":1,"abi_minor":0})").error().text,
      HasSubstr("it says it is q 1.0, its manifest says p 1.0"));
}

TEST_F(TranscriptTest, refuses_anything_but_reports_and_logs_before_the_hello) {
  EXPECT_FALSE(say(FrameType::kBeginScope, R"({"key":"a"})"));
  transcript_.emplace(request_);
  EXPECT_FALSE(say(FrameType::kRecord, R"({"record":"fact/1"})"));
  transcript_.emplace(request_);
  EXPECT_FALSE(say(FrameType::kDone, R"({"status":"ok"})"));
}

TEST_F(TranscriptTest, survives_any_bytes) {
  std::uint32_t seed = 12345;
  for (int round = 0; round < 2000; ++round) {
    transcript_.emplace(request_);
    std::string bytes;
    for (int i = 0; i < 64; ++i) {
      seed = seed * 1664525U + 1013904223U;
      // Small numbers are frame types and lengths: they get further in.
      bytes.push_back(static_cast<char>((seed >> 24U) % 3 == 0 ? (seed >> 16U) % 12 : seed >> 24U));
    }
    const auto fed = transcript().feed(bytes);
    const auto outcome = transcript().done()
                             ? transcript().finish()
                             : transcript().finishWithout("crash", RunClass::kCrash, "run.crash", "");
    EXPECT_FALSE(outcome.complete) << round << (fed ? "" : fed.error().text);
  }
}

}  // namespace
}  // namespace redflag::kernel
