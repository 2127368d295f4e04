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

}  // namespace
