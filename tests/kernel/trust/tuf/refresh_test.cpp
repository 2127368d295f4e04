#include "harness.h"

namespace redflag::kernel::tuf {
namespace {

using Asked = std::vector<std::string>;

TEST_F(TufClient, fetches_the_four_roles_in_order_and_stores_them) {
  ASSERT_TRUE(refresh());
  EXPECT_EQ(network_->asked, (Asked{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}));
  for (const char* role : {"root", "timestamp", "snapshot", "targets"})
    EXPECT_EQ(stored(role), 1) << role;
}

TEST_F(TufClient, fetches_only_root_and_timestamp_while_nothing_is_new) {
  ASSERT_TRUE(refresh());
  ASSERT_TRUE(refresh());
  EXPECT_EQ(network_->asked, (Asked{"2.root.json", "timestamp.json"}));
}

TEST_F(TufClient, asks_for_plain_names_where_the_root_does_not_promise_consistent_snapshots) {
  repository().body("root")["consistent_snapshot"] = false;
  repository().consistent = false;
  repository().bump("root");
  repository().publishRoot();
  repository().publish();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(network_->asked,
            (Asked{"2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json"}));
}

TEST_F(TufClient, bounds_what_it_reads) {
  ASSERT_TRUE(refresh());
  EXPECT_EQ(network_->limits["2.root.json"], 512'000U);
  EXPECT_EQ(network_->limits["timestamp.json"], 16'384U);
  EXPECT_EQ(network_->limits["1.snapshot.json"], repository().files["1.snapshot.json"].size());
  repository().files["timestamp.json"] += std::string(20'000, ' ');
  EXPECT_EQ(refresh().error().code, Code::kLimit);
}

TEST_F(TufClient, bounds_what_nothing_announces) {
  repository().announce_hashes = false;
  repository().publishNext();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(network_->limits["2.snapshot.json"], 2'000'000U);
  EXPECT_EQ(network_->limits["2.targets.json"], 5'000'000U);
}

TEST_F(TufClient, goes_on_from_what_is_stored_without_network) {
  ASSERT_TRUE(refresh());
  repository().publishNext();
  Client offline(store(), nullptr, clock_);
  ASSERT_TRUE(offline.refresh());
  EXPECT_EQ(offline.trusted().timestamp()->version, 1);
  clock_.now += 31 * rt::kDayNs;
  EXPECT_EQ(Client(store(), nullptr, clock_).refresh().error().code, Code::kDenied);
}

TEST_F(TufClient, without_network_believes_nothing_that_is_missing_or_damaged) {
  ASSERT_TRUE(refresh());
  ASSERT_TRUE(store().write("targets", "{"));
  const auto refreshed = Client(store(), nullptr, clock_).refresh();
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().code, Code::kUnavailable);
}

TEST_F(TufClient, tells_an_unreachable_repository_from_one_that_is_not_to_be_trusted) {
  network_->down = true;
  EXPECT_EQ(refresh().error().code, Code::kUnavailable);
}

TEST_F(TufClient, replaces_stored_files_that_are_damaged_or_expired) {
  ASSERT_TRUE(refresh());
  for (const char* role : {"timestamp", "snapshot", "targets"})
    ASSERT_TRUE(store().write(role, "damaged"));
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("targets"), 1);
  clock_.now += 31 * rt::kDayNs;
  for (const char* role : {"root", "timestamp", "snapshot", "targets"})
    repository().body(role)["expires"] = rt::expiryIn(60);
  repository().bump("root");
  repository().publishRoot();
  repository().publishNext();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("targets"), 2);
}

TEST_F(TufClient, trusts_no_first_root_that_misses_its_own_threshold) {
  repository().threshold("root", 2);
  repository().publishRoot();
  EXPECT_FALSE(trustRoot(Store(folder_ / "other"), repository().root(1)));
  EXPECT_FALSE(trustRoot(Store(folder_ / "other"), "{}"));
  EXPECT_FALSE(Store(folder_ / "other").read("root"));
}

// Root rotation.

TEST_F(TufClient, follows_roots_one_by_one) {
  repository().rotate("root");
  repository().rotate("root");
  repository().rotate("targets");
  repository().publishNext();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("root"), 4);
  EXPECT_EQ(stored("targets"), 2);
}

TEST_F(TufClient, refuses_a_root_that_the_old_keys_did_not_sign) {
  repository().signers["root"] = {rt::Signer()};
  repository().nameKeys();
  repository().bump("root");
  repository().publishRoot();
  expectRefused("root: signed by 0");
  EXPECT_EQ(stored("root"), 1);
}

TEST_F(TufClient, refuses_a_root_that_its_own_keys_did_not_sign) {
  const auto before = repository().signers["root"];
  repository().signers["root"] = {rt::Signer()};
  repository().nameKeys();
  repository().bump("root");
  repository().publishRoot(before);
  expectRefused("root (by its own keys): signed by 0");
}

TEST_F(TufClient, refuses_a_root_of_another_version_than_the_next) {
  repository().bump("root");
  repository().bump("root");
  repository().files["2.root.json"] = rt::signedText(repository().body("root"), repository().signers["root"]);
  expectRefused("root has version 3, expected 2");
}

TEST_F(TufClient, wants_the_higher_threshold_of_a_new_root_from_the_new_root_itself) {
  repository().signers["root"].emplace_back();
  repository().nameKeys();
  repository().threshold("root", 2);
  repository().bump("root");
  repository().publishRoot({repository().signers["root"][0]});
  expectRefused("signed by 1 of its keys, expected 2");
  repository().publishRoot();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("root"), 2);
}

TEST_F(TufClient, asks_of_expired_roots_only_the_last_one) {
  repository().body("root")["expires"] = rt::expiryIn(-1);
  repository().bump("root");
  repository().publishRoot();
  expectRefused("root version 2 expired");
  EXPECT_EQ(stored("root"), 2) << "it is trusted for what may follow";
  repository().body("root")["expires"] = rt::expiryIn(10);
  repository().bump("root");
  repository().publishRoot();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("root"), 3);
}

TEST_F(TufClient, follows_at_most_256_roots_at_once) {
  for (int i = 0; i < 300; ++i) {
    repository().bump("root");
    repository().publishRoot();
  }
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("root"), 257);
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored("root"), 301);
}

TEST_F(TufClient, refuses_documents_signed_by_rotated_out_keys) {
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    startOver();
    const auto old = repository().signers[role];
    repository().rotate(role);
    repository().signers[role] = old;
    repository().publishNext();
    expectRefused(std::string(role) + ": signed by 0 of its keys");
  }
}

// Thresholds.

TEST_F(TufClient, wants_every_roles_threshold) {
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    startOver();
    repository().signers[role].emplace_back();
    repository().nameKeys();
    repository().threshold(role, 2);
    repository().bump("root");
    repository().publishRoot();
    const auto both = repository().signers[role];
    repository().signers[role].pop_back();
    repository().publishNext();
    expectRefused("signed by 1 of its keys, expected 2");
    repository().signers[role] = both;
    repository().publishNext();
    EXPECT_TRUE(refresh()) << role;
  }
}

// Freeze.

TEST_F(TufClient, refuses_what_has_expired_and_keeps_what_it_has) {
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    startOver();
    ASSERT_TRUE(refresh());
    repository().body(role)["expires"] = rt::expiryIn(-1);
    repository().publishNext();
    expectRefused(std::string(role) + " version 2 expired");
    EXPECT_EQ(stored(role), 1) << role;
  }
}

TEST_F(TufClient, sees_that_a_repository_is_frozen) {
  ASSERT_TRUE(refresh());
  clock_.now += 31 * rt::kDayNs;
  repository().body("root")["expires"] = rt::expiryIn(60);
  repository().bump("root");
  repository().publishRoot();
  expectRefused("timestamp version 1 expired");
}

// Rollback.

TEST_F(TufClient, refuses_an_older_timestamp) {
  ASSERT_TRUE(refresh());
  const std::string old = repository().files["timestamp.json"];
  repository().publishNext();
  ASSERT_TRUE(refresh());
  repository().files["timestamp.json"] = old;
  expectRefused("timestamp has version 1, but 2 was there already");
}

TEST_F(TufClient, refuses_an_older_snapshot_in_a_newer_timestamp) {
  repository().publishNext();
  ASSERT_TRUE(refresh());
  repository().body("timestamp")["meta"]["snapshot.json"] = {{"version", 1}};
  repository().bump("timestamp");
  repository().publishTimestamp();
  expectRefused("timestamp's snapshot has version 1, but 2 was there already");
}

TEST_F(TufClient, refuses_older_targets_in_a_newer_snapshot) {
  repository().publishNext();
  ASSERT_TRUE(refresh());
  repository().body("targets")["version"] = 1;
  repository().bump("snapshot");
  repository().bump("timestamp");
  repository().publish();
  expectRefused("snapshot's targets.json has version 1, but 2 was there already");
}

TEST_F(TufClient, refuses_a_snapshot_from_which_a_role_has_vanished) {
  repository().delegate("targets", "a", {{"paths", {"*"}}});
  repository().publishNext();
  ASSERT_TRUE(refresh());
  repository().bodies.erase("a");
  repository().body("snapshot")["meta"].erase("a.json");
  repository().publishNext();
  expectRefused("a.json is not listed any more");
}

TEST_F(TufClient, refuses_an_older_snapshot_also_with_its_timestamp_lost) {
  repository().publishNext();
  ASSERT_TRUE(refresh());
  ASSERT_TRUE(store().remove("timestamp"));
  repository().body("snapshot")["version"] = 1;
  repository().body("timestamp")["version"] = 1;
  repository().publish();
  expectRefused("snapshot has version 1, but 2 was there already");
}

TEST_F(TufClient, takes_no_other_timestamp_of_the_same_version) {
  ASSERT_TRUE(refresh());
  const std::string before = store().read("timestamp").value();
  repository().body("timestamp")["expires"] = rt::expiryIn(90);
  repository().publishTimestamp();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(store().read("timestamp").value(), before);
}

TEST_F(TufClient, remembers_versions_over_what_has_expired) {
  repository().publishNext();
  ASSERT_TRUE(refresh());
  clock_.now += 31 * rt::kDayNs;
  for (const char* role : {"root", "timestamp", "snapshot", "targets"})
    repository().body(role)["expires"] = rt::expiryIn(60);
  repository().bump("root");
  repository().publishRoot();
  repository().body("timestamp")["version"] = 1;
  repository().publishTimestamp();
  expectRefused("timestamp has version 1, but 2 was there already");
}

// Recovery from versions that were driven up.

TEST_F(TufClient, forgets_driven_up_versions_once_timestamp_or_snapshot_keys_are_others) {
  for (const char* rotated : {"timestamp", "snapshot"}) {
    startOver();
    for (const char* role : {"timestamp", "snapshot", "targets"})
      repository().body(role)["version"] = 99'999;
    repository().publish();
    ASSERT_TRUE(refresh());
    for (const char* role : {"timestamp", "snapshot", "targets"})
      repository().body(role)["version"] = 2;
    repository().publish();
    expectRefused("was there already");
    repository().rotate(rotated);
    repository().publish();
    ASSERT_TRUE(refresh()) << rotated;
    EXPECT_EQ(stored("timestamp"), 2);
    EXPECT_EQ(stored("targets"), 2);
  }
}

TEST_F(TufClient, forgets_nothing_for_other_keys_of_root_and_targets) {
  repository().publishNext();
  ASSERT_TRUE(refresh());
  repository().rotate("root");
  repository().rotate("targets");
  repository().body("timestamp")["version"] = 1;
  repository().publishTimestamp();
  expectRefused("timestamp has version 1, but 2 was there already");
}

// Mix and match.

TEST_F(TufClient, refuses_a_snapshot_other_than_the_announced_one) {
  repository().publishNext();
  const std::string other = repository().files["2.snapshot.json"];
  repository().files["2.snapshot.json"] = repository().files["1.snapshot.json"];
  expectRefused("snapshot: ");
  repository().files["2.snapshot.json"] = other + " ";
  expectRefused("longer than");
}

TEST_F(TufClient, refuses_another_version_than_the_announced_one_where_no_hash_is) {
  repository().announce_hashes = false;
  repository().publishNext();
  repository().files["2.snapshot.json"] = repository().files["1.snapshot.json"];
  expectRefused("snapshot has version 1, the timestamp names 2");
  repository().publishNext();
  repository().files["3.targets.json"] = repository().files["2.targets.json"];
  expectRefused("targets has version 2, the snapshot names 3");
}

TEST_F(TufClient, refuses_targets_other_than_the_announced_ones) {
  repository().publishNext();
  Json changed = repository().body("targets");
  changed["expires"] = rt::expiryIn(31);
  repository().files["2.targets.json"] = rt::signedText(changed, repository().signers["targets"]);
  expectRefused("targets: ");
}

TEST_F(TufClient, fetches_a_snapshot_again_whose_stored_copy_is_not_the_announced_one) {
  ASSERT_TRUE(refresh());
  Json changed = repository().body("snapshot");
  changed["x"] = 1;
  ASSERT_TRUE(store().write("snapshot", rt::signedText(changed, repository().signers["snapshot"])));
  ASSERT_TRUE(refresh());
  EXPECT_EQ(store().read("snapshot").value(), repository().files["1.snapshot.json"]);
}

TEST_F(TufClient, takes_one_role_for_no_other) {
  repository().signers["snapshot"] = repository().signers["timestamp"];
  repository().nameKeys();
  repository().bump("root");
  repository().publishRoot();
  repository().publish();
  repository().files["timestamp.json"] = repository().files["1.snapshot.json"];
  expectRefused("timestamp._type");
}

TEST_F(TufClient, decides_about_expiry_by_the_time_at_its_start) {
  Client c = client();
  ASSERT_TRUE(c.refresh());
  clock_.now += 365 * rt::kDayNs;
  EXPECT_EQ(c.find("nothing").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace redflag::kernel::tuf
