#include "trust/command_trust.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "command_repository.h"
#include "executor/order_keys.h"
#include "platform/files.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace rt = redflag::tuf::test;

class TrustClock final : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = rt::kNow;
};

// The repository behind a connection that may be down.
class Served final : public tuf::Fetcher {
 public:
  Served(const test::CommandRepository& repository, std::string folder)
      : repository_(repository), folder_(std::move(folder)) {}
  Result<> fetch(const std::string& reference, std::uint64_t, const Sink& sink) override {
    if (down) return fail(Code::kUnavailable, "no connection");
    const std::string* text = repository_.served(folder_ + reference);
    if (text == nullptr) return fail(Code::kNotFound, "no such file");
    return sink(*text);
  }
  bool down = false;

 private:
  const test::CommandRepository& repository_;
  const std::string folder_;
};

class CommandTrustTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(trust_.begin(repository_.pinned(), metadata_));
    ASSERT_TRUE(trust_.confirm());
    ASSERT_TRUE(refresh());
  }
  static std::string made() {
    EXPECT_TRUE(initCrypto());
    return protocol::SigningKey::generate().publicKey();
  }
  Result<> refresh() { return trust_.refresh(metadata_, content_); }
  bool believes(const std::string& key) const {
    const auto list = trust_.commands();
    return list && list->publicKey(protocol::keyId(key), clock_.now).has_value();
  }

  test::TemporaryFolder folder_;
  TrustClock clock_;
  std::string first_ = made();
  std::string second_ = made();
  test::CommandRepository repository_{first_};
  Served metadata_{repository_, "/trust/metadata/"};
  Served content_{repository_, "/trust/targets/"};
  CommandTrust trust_{folder_.path() / "trust", clock_};
};

TEST_F(CommandTrustTest, begins_only_with_the_pinned_root) {
  CommandTrust other(folder_.path() / "other", clock_);
  auto pinned = repository_.pinned();
  pinned.sha256 = sha256("another");
  EXPECT_EQ(other.begin(pinned, metadata_).error().code, Code::kDenied);
  EXPECT_FALSE(other.refresh(metadata_, content_));
  EXPECT_FALSE(other.commands());
}

TEST_F(CommandTrustTest, B11_keeps_its_root_when_a_bundle_names_another_and_goes_on_with_it) {
  const test::CommandRepository foreign(second_);
  Served foreign_metadata(foreign, "/trust/metadata/");
  const auto refused = trust_.begin(foreign.pinned(), foreign_metadata);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_NE(refused.error().text.find("forget-server"), std::string::npos) << refused.error().text;
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(believes(first_));
  Served foreign_content(foreign, "/trust/targets/");
  EXPECT_FALSE(trust_.refresh(foreign_metadata, foreign_content));
  EXPECT_FALSE(believes(second_));
}

TEST_F(CommandTrustTest, is_led_by_its_root_to_a_later_one_that_a_bundle_names) {
  for (int i = 0; i < 2; ++i)
    repository_.repository.rotate("root");
  repository_.publish();
  ASSERT_TRUE(trust_.begin({3, sha256(repository_.repository.root(3))}, metadata_));
  ASSERT_TRUE(refresh());
  metadata_.down = true;
  for (const std::int64_t version : {1, 2, 3})
    EXPECT_TRUE(trust_.begin({version, sha256(repository_.repository.root(version))}, metadata_)) << version;
}

TEST_F(CommandTrustTest, B11_takes_no_later_root_that_its_own_does_not_lead_to) {
  test::CommandRepository foreign(second_);
  foreign.repository.rotate("root");
  const protocol::TrustRoot forged{2, sha256(foreign.repository.root(2))};
  repository_.repository.files["2.root.json"] = foreign.repository.root(2);
  EXPECT_FALSE(refresh()) << "it came by, and was refused";
  EXPECT_EQ(trust_.begin(forged, metadata_).error().code, Code::kDenied);
  repository_.repository.files.erase("2.root.json");
  EXPECT_EQ(trust_.begin(forged, metadata_).error().code, Code::kDenied) << "it is remembered, not believed";
  EXPECT_EQ(trust_.begin({1'000'000, forged.sha256}, metadata_).error().code, Code::kDenied);
  repository_.repository.rotate("root");
  EXPECT_EQ(trust_.begin(forged, metadata_).error().code, Code::kDenied) << "the true second root is another";
  metadata_.down = true;
  EXPECT_EQ(trust_.begin(forged, metadata_).error().code, Code::kUnavailable);
  metadata_.down = false;
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(believes(first_));
}

TEST_F(CommandTrustTest, gives_a_root_up_only_while_no_enrolment_has_come_of_it) {
  CommandTrust other(folder_.path() / "other", clock_);
  test::CommandRepository foreign(second_);
  Served foreign_metadata(foreign, "/trust/metadata/");
  Served foreign_content(foreign, "/trust/targets/");
  foreign.repository.rotate("root");
  foreign.publish();
  ASSERT_TRUE(other.begin(foreign.pinned(), foreign_metadata));
  ASSERT_TRUE(other.refresh(foreign_metadata, foreign_content));
  ASSERT_TRUE(other.begin(repository_.pinned(), metadata_));
  ASSERT_TRUE(other.refresh(metadata_, content_));
  EXPECT_FALSE(other.files().at("metadata").contains("2.root.json")) << "nothing is left of the first";
  ASSERT_TRUE(other.confirm());
  EXPECT_EQ(other.begin(foreign.pinned(), foreign_metadata).error().code, Code::kDenied);
}

TEST_F(CommandTrustTest, is_not_led_back_to_a_root_before_its_first) {
  repository_.repository.rotate("root");
  repository_.publish();
  CommandTrust later(folder_.path() / "later", clock_);
  ASSERT_TRUE(later.begin({2, sha256(repository_.repository.root(2))}, metadata_));
  ASSERT_TRUE(later.confirm());
  EXPECT_EQ(later.begin(repository_.pinned(), metadata_).error().code, Code::kDenied);
}

TEST_F(CommandTrustTest, B3_ends_a_key_with_the_next_list) {
  EXPECT_TRUE(believes(first_));
  repository_.name({second_});
  ASSERT_TRUE(refresh());
  EXPECT_FALSE(believes(first_));
  EXPECT_TRUE(believes(second_));
}

TEST_F(CommandTrustTest, E6_refuses_a_server_that_went_back_and_believes_no_list_meanwhile) {
  const auto before = repository_.repository.files;
  repository_.name({second_});
  ASSERT_TRUE(refresh());
  const auto after = std::exchange(repository_.repository.files, before);
  const auto refused = refresh();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_FALSE(believes(first_));
  EXPECT_FALSE(believes(second_));
  repository_.repository.files = after;
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(believes(second_));
}

TEST_F(CommandTrustTest, goes_on_with_what_it_knows_while_the_server_is_away) {
  metadata_.down = true;
  EXPECT_EQ(refresh().error().code, Code::kUnavailable);
  EXPECT_TRUE(believes(first_));
  CommandTrust again(folder_.path() / "trust", clock_);
  EXPECT_FALSE(again.commands());
  ASSERT_TRUE(again.load());
  EXPECT_TRUE(again.commands());
}

TEST_F(CommandTrustTest, stops_with_the_lists_own_end) {
  clock_.now += 31 * rt::kDayNs;
  EXPECT_FALSE(believes(first_));
  EXPECT_NE(trust_.commands().error().text.find("expired"), std::string::npos);
}

TEST_F(CommandTrustTest, is_not_made_to_forget_by_enrolling_again) {
  const auto before = repository_.repository.files;
  repository_.name({second_});
  ASSERT_TRUE(refresh());
  repository_.repository.files = before;
  ASSERT_TRUE(trust_.begin(repository_.pinned(), metadata_));
  EXPECT_FALSE(refresh());
}

TEST_F(CommandTrustTest, refuses_content_other_than_the_signed_one) {
  repository_.name({second_});
  for (auto& [name, text] : repository_.repository.files)
    if (name.starts_with("trust/")) text.replace(text.find("epoch\":0"), 8, "epoch\":9");
  EXPECT_FALSE(refresh());
}

class OrderKeysTest : public CommandTrustTest {
 protected:
  void SetUp() override {
    CommandTrustTest::SetUp();
    ASSERT_TRUE(platform::makePrivateFolder(state()));
    ASSERT_TRUE(beginBy(trust_.files(), repository_.pinned()));
  }
  std::filesystem::path state() const { return folder_.path() / "executor"; }
  Result<> beginBy(const Json& files, const protocol::TrustRoot& pinned) {
    HandedFiles handed(files, HandedFiles::Part::kMetadata);
    CommandTrust own(ListedOrderKeys::trustFolder(state()), clock_);
    const auto begun = own.begin(pinned, handed);
    return begun ? own.confirm() : begun;
  }
  bool executorBelieves(const std::string& key, const Json& handed) {
    const auto list = keys_.commands(handed);
    return list && list->publicKey(protocol::keyId(key), clock_.now).has_value();
  }
  ListedOrderKeys keys_{folder_.path() / "executor", clock_};
};

TEST_F(OrderKeysTest, come_from_files_that_the_kernel_hands_over_and_stay_without_them) {
  EXPECT_FALSE(executorBelieves(first_, Json()));
  EXPECT_TRUE(executorBelieves(first_, trust_.files()));
  EXPECT_TRUE(executorBelieves(first_, Json()));
}

TEST_F(OrderKeysTest, follow_roots_that_the_kernel_saw_while_nothing_was_ordered) {
  for (int i = 0; i < 3; ++i) {
    repository_.repository.rotate("root");
    repository_.publish();
    ASSERT_TRUE(refresh());
  }
  EXPECT_TRUE(executorBelieves(first_, trust_.files()));
}

TEST_F(OrderKeysTest, B11_begin_once_and_are_led_on_by_what_the_kernel_saw) {
  const test::CommandRepository foreign(second_);
  EXPECT_EQ(beginBy(foreign.files(), foreign.pinned()).error().code, Code::kDenied);
  for (int i = 0; i < 2; ++i)
    repository_.repository.rotate("root");
  repository_.publish();
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(beginBy(trust_.files(), {3, sha256(repository_.repository.root(3))}));
  EXPECT_TRUE(executorBelieves(first_, trust_.files()));
}

TEST_F(OrderKeysTest, B11_are_not_disturbed_by_a_forged_root_that_came_by) {
  test::CommandRepository foreign(second_);
  foreign.repository.rotate("root");
  repository_.repository.files["2.root.json"] = foreign.repository.root(2);
  EXPECT_FALSE(refresh());
  repository_.repository.files.erase("2.root.json");
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(executorBelieves(first_, trust_.files()));
}

TEST_F(OrderKeysTest, B3_are_not_those_of_a_kernel_that_hands_over_the_old_list) {
  const Json old = trust_.files();
  repository_.name({second_});
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(executorBelieves(second_, trust_.files()));
  EXPECT_FALSE(executorBelieves(first_, old));
  EXPECT_FALSE(executorBelieves(second_, old)) << "an order that comes with refused files is refused";
  EXPECT_TRUE(executorBelieves(second_, Json()));
}

TEST_F(OrderKeysTest, are_none_of_files_that_say_anything_else) {
  for (const Json& handed :
       {Json(1), Json::object(), Json{{"metadata", "x"}}, Json{{"metadata", {{"timestamp.json", 1}}}}})
    EXPECT_FALSE(executorBelieves(first_, handed)) << handed.dump();
  const test::CommandRepository foreign(first_);
  EXPECT_FALSE(executorBelieves(first_, foreign.files())) << "the same list, signed by others";
}

}  // namespace
}  // namespace redflag::kernel
