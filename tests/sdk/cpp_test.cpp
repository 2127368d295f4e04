// The parts of the C++ layer that need no host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redflag/sdk.hpp"

namespace {

TEST(Split, gives_exactly_the_fields_that_were_asked_for) {
  EXPECT_THAT(*rf::split("a\tb", '\t', 2), testing::ElementsAre("a", "b"));
  EXPECT_THAT(*rf::split("\t", '\t', 2), testing::ElementsAre("", ""));
  EXPECT_THAT(*rf::split("", '\t', 1), testing::ElementsAre(""));
}

TEST(Split, answers_a_status_for_another_count) {
  EXPECT_EQ(rf::split("a", '\t', 2).status(), rf::Status::kInvalid);
  EXPECT_EQ(rf::split("a", '\t', 2).text(), "expected 2 fields, found 1");
  EXPECT_EQ(rf::split("a\tb\tc\td", '\t', 2).text(), "expected 2 fields, found more");
}

TEST(Status, of_two_is_the_one_that_says_more) {
  EXPECT_EQ(rf::worse(rf::Status::kOk, rf::Status::kNotApplicable), rf::Status::kNotApplicable);
  EXPECT_EQ(rf::worse(rf::Status::kTransient, rf::Status::kOk), rf::Status::kTransient);
  EXPECT_EQ(rf::worse(rf::Status::kTransient, rf::Status::kPermanent), rf::Status::kPermanent);
  EXPECT_EQ(rf::worse(rf::Status::kInternal, rf::Status::kCancelled), rf::Status::kInternal);
  for (rf_status status = RF_OK; status <= RF_INTERNAL; ++status) {
    EXPECT_EQ(rf::worse(rf::toStatus(status), rf::Status::kOk), rf::toStatus(status));
    EXPECT_EQ(rf::worse(rf::Status::kOk, rf::toStatus(status)), rf::toStatus(status));
  }
}

TEST(Status, that_is_unknown_is_never_success) {
  EXPECT_EQ(rf::toStatus(11), rf::Status::kInternal);
  EXPECT_EQ(rf::toStatus(-1), rf::Status::kInternal);
}

// A host of another generation: no services, or smaller tables.
const void* nothing(const rf_host*, rf_str) {
  return nullptr;
}
const void* smaller(const rf_host*, rf_str) {
  static const std::uint64_t struct_size = 16;
  return &struct_size;
}

TEST(Services, that_a_host_lacks_answer_unsupported) {
  for (const auto service : {&nothing, &smaller}) {
    const rf_host raw{sizeof(rf_host), 0, 0, nullptr, service};
    const rf::Host host(&raw);
    EXPECT_EQ(rf::File(host).read("/etc/hostname").status(), rf::Status::kUnsupported);
    EXPECT_EQ(rf::Exec(host).lines({"/bin/true"}).status(), rf::Status::kUnsupported);
    EXPECT_EQ(rf::State(host).get("key").status(), rf::Status::kUnsupported);
    EXPECT_EQ(rf::State(host).put("key", ""), rf::Status::kUnsupported);
    rf::Log(host).info("goes nowhere");
    rf::Progress(host).line("goes nowhere");
  }
}

// A host that takes everything, but for rows once it `refuses`.
class Taker {
 public:
  Taker() {
    run_.struct_size = sizeof(run_);
    run_.run_data = &refuses;
    run_.begin_scope = [](const rf_run*, rf_str) { return RF_OK; };
    run_.end_scope = [](const rf_run*, rf_status) { return RF_OK; };
    run_.begin_record = [](const rf_run*, rf_str) { return RF_OK; };
    run_.put_text = [](const rf_run*, rf_str, rf_str) { return RF_OK; };
    run_.put_int = [](const rf_run*, rf_str, std::int64_t) { return RF_OK; };
    run_.commit_record = [](const rf_run* run) {
      return *static_cast<const bool*>(run->run_data) ? RF_INVALID : RF_OK;
    };
    run_.discard_record = [](const rf_run*) { return RF_OK; };
    run_.report = [](const rf_run*, rf_status, rf_str, rf_str) { return RF_OK; };
  }
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;

  const rf_run* table() const { return &run_; }

  bool refuses = false;

 private:
  rf_run run_{};
};

class RunOutcome : public testing::Test {
 protected:
  void complete(const char* key) {
    auto scope = run_.scope(key);
    run_.fact("inside", 1);
    scope.complete();
  }
  void failWith(rf::Status status) {
    auto scope = run_.scope("failing");
    run_.fact("inside", 1);
    scope.fail(status, "test.failed", "does not answer");
    scope.complete();  // changes nothing any more
  }

  Taker host_;
  rf::Run run_{host_.table()};
};

TEST_F(RunOutcome, is_not_lowered_by_a_scope_that_fails_beside_one_that_was_completed) {
  failWith(rf::Status::kTransient);
  EXPECT_EQ(run_.outcome(), rf::Status::kTransient) << "nothing has answered yet";
  complete("other");
  failWith(rf::Status::kPermanent);
  EXPECT_EQ(run_.outcome(), rf::Status::kOk);
}

TEST_F(RunOutcome, is_not_lowered_by_a_scope_that_fails_beside_rows_outside_of_all) {
  run_.fact("outside", 1);
  failWith(rf::Status::kTransient);
  EXPECT_EQ(run_.outcome(), rf::Status::kOk);
}

TEST_F(RunOutcome, is_the_worst_of_the_scopes_where_none_answered) {
  failWith(rf::Status::kTransient);
  failWith(rf::Status::kDenied);
  EXPECT_EQ(run_.outcome(), rf::Status::kTransient);
}

TEST_F(RunOutcome, is_lowered_by_whatever_is_about_the_run_itself) {
  complete("one");
  EXPECT_EQ(run_.fail(rf::Status::kMisconfigured, "test.settings", "no"), rf::Status::kMisconfigured);
  failWith(rf::Status::kCancelled);
  EXPECT_EQ(run_.outcome(), rf::Status::kCancelled);
  { const auto left = run_.scope("left early"); }
  EXPECT_EQ(run_.outcome(), rf::Status::kInternal);
}

TEST_F(RunOutcome, is_lowered_by_a_row_that_is_refused_in_a_scope) {
  complete("one");
  host_.refuses = true;
  failWith(rf::Status::kTransient);
  EXPECT_EQ(run_.outcome(), rf::Status::kInvalid);
}

}  // namespace
