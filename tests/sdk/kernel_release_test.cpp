#include "base/kernel_release.h"

#include <gtest/gtest.h>

namespace redflag {
namespace {

TEST(KernelRelease, is_ordered_by_its_numbers) {
  EXPECT_LT(compareReleases("6.1.0-9-amd64", "6.1.0-10-amd64"), 0);
  EXPECT_GT(compareReleases("6.10.1", "6.9.12"), 0);
  EXPECT_EQ(compareReleases("6.1.0-37-amd64", "6.1.0-37-amd64"), 0);
  EXPECT_LT(compareReleases("5.14.0-427", "5.14.0-427.el9.x86_64"), 0);
}

TEST(KernelRelease, is_an_update_of_its_own_flavour_only) {
  EXPECT_TRUE(isSameFlavour("6.1.0-37-amd64", "6.12.0-1-amd64"));
  EXPECT_FALSE(isSameFlavour("6.1.0-37-amd64", "6.1.0-37-cloud-amd64"));
  EXPECT_TRUE(isSameFlavour("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-503.11.1.el9_5.x86_64"));
}

}  // namespace
}  // namespace redflag
