#include "auth/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "support/certificate.h"

namespace redflag::auth {
namespace {

std::ptrdiff_t entriesOf(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

TEST(SecretFile, is_its_owners_alone_and_replaced_as_a_whole) {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "key";
  writeSecretFile(file, "one");
  writeSecretFile(file, "two");
  EXPECT_EQ(readSecretFile(file), "two");
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);
  EXPECT_EQ(entriesOf(folder.path()), 1);
}

TEST(SecretFile, that_cannot_be_written_leaves_nothing_behind) {
  const testing::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "taken/by a folder");
  EXPECT_THROW(writeSecretFile(folder.path() / "taken", "secret"), std::system_error);
  EXPECT_EQ(entriesOf(folder.path()), 1);
}

}  // namespace
}  // namespace redflag::auth
