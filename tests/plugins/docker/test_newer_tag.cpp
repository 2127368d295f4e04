#include <gtest/gtest.h>

#include "newer_tag.h"

namespace redflag::test {
namespace {

using docker::newerTag;
using docker::NewerTags;

const std::vector<std::string> kOffered{"1.25.3",        "1.25.10",  "1.26.0",  "2.0.0",         "v1.25.4",
                                        "1.25.4-alpine", "1.25",     "1.26",    "latest",        "1.25.9-rc1",
                                        "1.25.04",       "20240101", "1.2.3.4", "4294967296.1.1"};

TEST(NewerTag, differs_at_most_in_the_part_that_was_asked_for) {
  EXPECT_EQ(newerTag("1.25.3", kOffered, NewerTags::kNone), "");
  EXPECT_EQ(newerTag("1.25.3", kOffered, NewerTags::kPatch), "1.25.10") << "as numbers, not as text";
  EXPECT_EQ(newerTag("1.25.3", kOffered, NewerTags::kMinor), "1.26.0");
  EXPECT_EQ(newerTag("1.25.3", kOffered, NewerTags::kMajor), "2.0.0");
  EXPECT_EQ(newerTag("2.0.0", kOffered, NewerTags::kMajor), "");
}

TEST(NewerTag, has_the_same_form_and_suffix) {
  EXPECT_EQ(newerTag("v1.25.0", kOffered, NewerTags::kMajor), "v1.25.4");
  EXPECT_EQ(newerTag("1.25.3-alpine", kOffered, NewerTags::kMajor), "1.25.4-alpine");
  EXPECT_EQ(newerTag("1.25", kOffered, NewerTags::kMinor), "1.26");
  EXPECT_EQ(newerTag("1.25", kOffered, NewerTags::kPatch), "") << "it has no such part";
  EXPECT_FALSE(docker::mayHaveNewer("1.25", NewerTags::kPatch));
}

TEST(NewerTag, is_none_of_what_is_no_version) {
  for (const auto* tag : {"latest", "stable-alpine", "", "1.x", "01.2.3", "1..2", "1.2.3.4", "-1", "v"})
    EXPECT_EQ(newerTag(tag, kOffered, NewerTags::kMajor), "") << tag;
}

}  // namespace
}  // namespace redflag::test
